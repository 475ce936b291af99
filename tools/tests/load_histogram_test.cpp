// SPDX-License-Identifier: GPL-2.0
/// \file
/// The histogram beside the exact percentiles of the same values.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kinetload/histogram.hpp"
#include "kinetload/sizes.hpp"

namespace kinetd::load {
namespace {

/// The smallest value that at least `percent` percent do not exceed.
std::uint64_t exact(const std::vector<std::uint64_t> &sorted, double percent) {
    const double share = percent / 100 * static_cast<double>(sorted.size());
    const auto rank = static_cast<std::size_t>(std::ceil(share - 1e-9));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

/// Never below the exact one, and above by less than a thousandth.
void expect_close(std::vector<std::uint64_t> values) {
    Histogram histogram;
    for (const auto value : values)
        histogram.record(value);
    std::sort(values.begin(), values.end());
    for (const double percent : {0.0, 0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
        const auto wanted = exact(values, percent);
        const auto got = histogram.percentile(percent);
        EXPECT_GE(got, wanted) << percent;
        EXPECT_LE(static_cast<double>(got - wanted), static_cast<double>(wanted) / 1000) << percent;
    }
    EXPECT_EQ(histogram.total(), values.size());
    EXPECT_EQ(histogram.min(), values.front());
    EXPECT_EQ(histogram.max(), values.back());
}

TEST(LoadHistogram, emptyIsZero) {
    const Histogram histogram;
    EXPECT_EQ(histogram.total(), 0U);
    EXPECT_EQ(histogram.percentile(50), 0U);
    EXPECT_EQ(histogram.min(), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    EXPECT_EQ(histogram.mean(), 0);
}

TEST(LoadHistogram, oneValue) {
    for (const std::uint64_t value : {0U, 1U, 2047U, 2048U, 123456789U}) {
        Histogram histogram;
        histogram.record(value);
        for (const double percent : {0.0, 50.0, 100.0})
            EXPECT_EQ(histogram.percentile(percent), value);
    }
}

TEST(LoadHistogram, smallValuesAreExact) {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 1000; ++value)
        histogram.record(value);
    EXPECT_EQ(histogram.percentile(50), 500U);
    EXPECT_EQ(histogram.percentile(99.9), 999U);
    EXPECT_EQ(histogram.percentile(99.91), 1000U);
    EXPECT_EQ(histogram.percentile(100), 1000U);
    EXPECT_DOUBLE_EQ(histogram.mean(), 500.5);
}

TEST(LoadHistogram, everyPowerOfTwoAndItsNeighbours) {
    for (unsigned bit = 1; bit < 41; ++bit)
        for (const std::int64_t by : {-1, 0, 1})
            expect_close({(std::uint64_t{1} << bit) + static_cast<std::uint64_t>(by)});
}

TEST(LoadHistogram, evenlySpread) {
    Random random(3);
    std::vector<std::uint64_t> values(20000);
    for (auto &value : values)
        value = random.next() % 50'000'000;
    expect_close(values);
}

TEST(LoadHistogram, overManyMagnitudes) {
    Random random(4);
    std::vector<std::uint64_t> values(20000);
    for (auto &value : values)
        value = (random.next() >> 24) >> random.below(40);
    for (auto &value : values)
        value = std::min(value, Histogram::highest - 1);
    expect_close(values);
}

TEST(LoadHistogram, beyondTheRange) {
    Histogram histogram;
    histogram.record(Histogram::highest * 5);
    histogram.record(1);
    EXPECT_EQ(histogram.percentile(50), 1U);
    EXPECT_EQ(histogram.percentile(100), Histogram::highest * 5);
    EXPECT_EQ(histogram.max(), Histogram::highest * 5);
}

TEST(LoadHistogram, sum) {
    Histogram low;
    Histogram high;
    for (std::uint64_t value = 1; value <= 100; ++value) {
        low.record(value);
        high.record(value + 100);
    }
    low.add(high);
    low.add(Histogram());
    EXPECT_EQ(low.total(), 200U);
    EXPECT_EQ(low.percentile(50), 100U);
    EXPECT_EQ(low.percentile(75), 150U);
    EXPECT_EQ(low.min(), 1U);
    EXPECT_EQ(low.max(), 200U);
}

TEST(LoadHistogram, sumHasTheSmallestAndTheLargest) {
    Histogram low;
    Histogram high;
    low.record(1);
    high.record(200);
    high.record(101);
    Histogram all;
    all.add(high);
    EXPECT_EQ(all.min(), 101U);
    EXPECT_EQ(all.max(), 200U);
    all.add(low);
    EXPECT_EQ(all.min(), 1U);
    EXPECT_EQ(all.max(), 200U);
}

} // namespace
} // namespace kinetd::load
