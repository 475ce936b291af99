// SPDX-License-Identifier: GPL-2.0
/// \file
/// The client's histogram, as the kernel compiles it, against exact percentiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

extern "C" {
#include "client/histogram.h"
}

namespace kinetd::suite {
namespace {

class Histogram : public testing::Test {
protected:
    void add(std::uint64_t value) {
        kinetd_histogram_add(hist_.get(), value);
        values_.push_back(value);
    }

    [[nodiscard]] std::uint64_t percentile(unsigned percent) const {
        return kinetd_histogram_percentile(hist_.get(), percent);
    }

    /// What so many of a hundred of the values do not exceed.
    [[nodiscard]] std::uint64_t exact(std::size_t percent) {
        std::sort(values_.begin(), values_.end());
        return values_[(values_.size() * percent + 99) / 100 - 1];
    }

    void expect_percentiles(double error) {
        for (const unsigned percent : {1U, 25U, 50U, 75U, 90U, 99U, 100U}) {
            const auto right = static_cast<double>(exact(percent));
            EXPECT_NEAR(static_cast<double>(percentile(percent)), right, right * error)
                << "p" << percent << " of " << values_.size();
        }
        EXPECT_EQ(hist_->min, values_.front());
        EXPECT_EQ(hist_->max, values_.back());
        EXPECT_EQ(hist_->nr, values_.size());
    }

    static constexpr std::uint64_t largest = (std::uint64_t{1} << KINETD_HISTOGRAM_RANGE) - 1;
    static constexpr double promise = 0.008;

    std::unique_ptr<kinetd_histogram> hist_ = std::make_unique<kinetd_histogram>();
    std::vector<std::uint64_t> values_;
};

TEST_F(Histogram, ofNothingIsZero) {
    EXPECT_EQ(percentile(50), 0U);
    EXPECT_EQ(percentile(100), 0U);
    EXPECT_EQ(kinetd_histogram_mean(hist_.get()), 0U);
}

TEST_F(Histogram, ofOneValueIsExact) {
    for (const std::uint64_t value : {0ULL, 1ULL, 63ULL, 64ULL, 12345ULL, 999'999'937ULL}) {
        *hist_ = {};
        add(value);
        for (const unsigned percent : {1U, 50U, 99U, 100U})
            EXPECT_EQ(percentile(percent), value);
        EXPECT_EQ(kinetd_histogram_mean(hist_.get()), value);
    }
}

TEST_F(Histogram, ofSmallValuesIsExact) {
    for (std::uint64_t value = 1; value <= 100; value++)
        add(value);
    for (unsigned percent = 1; percent <= 100; percent++)
        EXPECT_EQ(percentile(percent), percent);
    EXPECT_EQ(kinetd_histogram_mean(hist_.get()), 50U);
}

TEST_F(Histogram, isRightAtTheEdgesOfBuckets) {
    for (unsigned bit = 0; bit < KINETD_HISTOGRAM_RANGE; bit++)
        for (const std::uint64_t near : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1}}) {
            const auto value = std::min((std::uint64_t{1} << bit) + near, largest);
            *hist_ = {};
            values_.clear();
            // Not alone, so that neither the least nor the largest value helps.
            add(0);
            add(value);
            add(largest);
            EXPECT_NEAR(static_cast<double>(percentile(50)), static_cast<double>(value),
                        static_cast<double>(value) * promise)
                << value;
        }
}

TEST_F(Histogram, isRightWithinItsPromise) {
    std::mt19937_64 random(1);
    for (const double spread : {0.1, 1.0, 3.0}) {
        *hist_ = {};
        values_.clear();
        std::lognormal_distribution<double> times(11, spread);
        for (int i = 0; i < 20000; i++)
            add(std::min(static_cast<std::uint64_t>(times(random)), largest));
        expect_percentiles(promise);
    }
}

TEST_F(Histogram, countsWhatIsBeyondItsRange) {
    for (const std::uint64_t value : {largest, largest + 1, ~std::uint64_t{0}})
        add(value);
    EXPECT_EQ(hist_->nr, 3U);
    EXPECT_EQ(hist_->max, ~0ULL);
    EXPECT_GE(percentile(50), largest - largest / 64);
}

TEST_F(Histogram, isOfABoundedSize) {
    EXPECT_LE(sizeof(kinetd_histogram), 20U * 1024);
}

} // namespace
} // namespace kinetd::suite
