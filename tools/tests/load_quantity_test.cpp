// SPDX-License-Identifier: GPL-2.0
/// \file
/// Quantities and sizes as people write them.
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "kinetload/quantity.hpp"
#include "kinetload/sizes.hpp"

namespace kinetd::load {
namespace {

TEST(LoadQuantity, counts) {
    EXPECT_EQ(*parse_count("1"), 1U);
    EXPECT_EQ(*parse_count("20k"), 20'000U);
    EXPECT_EQ(*parse_count("1.5M"), 1'500'000U);
    for (const char *bad : {"", "0", "-1", "+1", "1.5", "0x10", "1e3", "k", "1K", "1 ", " 1", "1kk",
                            "nan", "inf", "99999999999999999999", "-0"})
        EXPECT_FALSE(parse_count(bad)) << bad;
}

TEST(LoadQuantity, bytes) {
    EXPECT_EQ(*parse_bytes("0"), 0U);
    EXPECT_EQ(*parse_bytes("64"), 64U);
    EXPECT_EQ(*parse_bytes("64B"), 64U);
    EXPECT_EQ(*parse_bytes("16k"), 16384U);
    EXPECT_EQ(*parse_bytes("16KiB"), 16384U);
    EXPECT_EQ(*parse_bytes("1M"), 1048576U);
    for (const char *bad : {"", "k", "1.0001k", "-1", "64b", "1MB"})
        EXPECT_FALSE(parse_bytes(bad)) << bad;
}

TEST(LoadQuantity, rates) {
    EXPECT_DOUBLE_EQ(*parse_rate("500"), 500);
    EXPECT_DOUBLE_EQ(*parse_rate("0.5"), 0.5);
    EXPECT_DOUBLE_EQ(*parse_rate("20k"), 20'000);
    EXPECT_DOUBLE_EQ(*parse_rate("1.5M/s"), 1'500'000);
    for (const char *bad : {"", "0", "-5", "20k/m", "/s", "2G", "fast"})
        EXPECT_FALSE(parse_rate(bad)) << bad;
}

TEST(LoadQuantity, times) {
    EXPECT_EQ(*parse_time("10s"), 10 * second);
    EXPECT_EQ(*parse_time("1.5s"), 1500 * millisecond);
    EXPECT_EQ(*parse_time("250us"), 250'000U);
    EXPECT_EQ(*parse_time("2m"), 120 * second);
    EXPECT_EQ(*parse_time("0s"), 0U);
    for (const char *bad : {"", "10", "s", "-1s", "1h", "10 s", "9999999m"})
        EXPECT_FALSE(parse_time(bad)) << bad;
}

TEST(LoadQuantity, cpus) {
    EXPECT_EQ(*parse_cpus("0"), (std::vector<unsigned>{0}));
    EXPECT_EQ(*parse_cpus("3,0-2"), (std::vector<unsigned>{3, 0, 1, 2}));
    for (const char *bad : {"", ",", "1-", "-1", "3-1", "0,", "a", "0-99999", "1--2"})
        EXPECT_FALSE(parse_cpus(bad)) << bad;
}

TEST(LoadSizes, fixed) {
    Random random(1);
    const auto sizes = *Sizes::parse("1k");
    EXPECT_EQ(sizes.draw(random), 1024U);
    EXPECT_EQ(sizes.min(), 1024U);
    EXPECT_EQ(sizes.max(), 1024U);
    EXPECT_DOUBLE_EQ(sizes.mean(), 1024);
}

TEST(LoadSizes, uniformReachesBothEndsEvenly) {
    Random random(1);
    const auto sizes = *Sizes::parse("uniform:10-19");
    std::map<std::uint32_t, int> seen;
    for (int i = 0; i < 100'000; ++i)
        ++seen[sizes.draw(random)];
    ASSERT_EQ(seen.size(), 10U);
    EXPECT_EQ(seen.begin()->first, 10U);
    EXPECT_EQ(seen.rbegin()->first, 19U);
    for (const auto &[size, count] : seen)
        EXPECT_NEAR(count, 10'000, 500) << size;
    EXPECT_DOUBLE_EQ(sizes.mean(), 14.5);
}

TEST(LoadSizes, listKeepsItsWeights) {
    Random random(1);
    const auto sizes = *Sizes::parse("64:7,1k:2,16k:1");
    std::map<std::uint32_t, int> seen;
    for (int i = 0; i < 100'000; ++i)
        ++seen[sizes.draw(random)];
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_NEAR(seen[64], 70'000, 1000);
    EXPECT_NEAR(seen[1024], 20'000, 1000);
    EXPECT_NEAR(seen[16384], 10'000, 1000);
    EXPECT_DOUBLE_EQ(sizes.mean(), (7 * 64.0 + 2 * 1024 + 16384) / 10);
    EXPECT_EQ(sizes.min(), 64U);
    EXPECT_EQ(sizes.max(), 16384U);
}

TEST(LoadSizes, bad) {
    for (const char *bad : {"", "x", "uniform:", "uniform:5", "uniform:9-5", "64:", ":1", "64:0",
                            "64:1,", "64:1,64", "2000M", "uniform:1-2000M", "64:2G", "64:-1"})
        EXPECT_FALSE(Sizes::parse(bad)) << bad;
}

TEST(LoadQuantity, unitsOfBytes) {
    EXPECT_EQ(*parse_bytes("2M"), 2097152U);
    EXPECT_EQ(*parse_bytes("2MiB"), 2097152U);
    EXPECT_EQ(*parse_bytes("2KiB"), 2048U);
}

TEST(LoadSizes, uniformKnowsItsEnds) {
    const auto sizes = *Sizes::parse("uniform:10-19");
    EXPECT_EQ(sizes.min(), 10U);
    EXPECT_EQ(sizes.max(), 19U);
    Random random(1);
    const auto one = Sizes::parse("uniform:5-5");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->draw(random), 5U);
}

} // namespace
} // namespace kinetd::load
