// SPDX-License-Identifier: GPL-2.0
/// \file
/// How large messages are: always the same, evenly spread, or a list with weights.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kinetload/result.hpp"

namespace kinetd::load {

/// SplitMix64: the same traffic in every run.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    /// One of 0 to bound - 1, evenly to within 2^-32 of bound.
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
    }

private:
    std::uint64_t state_;
};

class Sizes {
public:
    static constexpr std::uint64_t largest = 1U << 30;

    explicit Sizes(std::uint32_t fixed = 64);

    /// "64", "uniform:64-1024", or SIZE:WEIGHT, ...: "64:8,1k:1,16k:1".
    static Result<Sizes> parse(std::string_view text);

    [[nodiscard]] std::uint32_t draw(Random &random) const {
        return ranges_.size() == 1 && ranges_[0].first == ranges_[0].last ? ranges_[0].first
                                                                          : choose(random);
    }

    [[nodiscard]] std::uint32_t min() const;
    [[nodiscard]] std::uint32_t max() const;
    [[nodiscard]] double mean() const;
    /// As it was written.
    [[nodiscard]] const std::string &text() const { return text_; }

private:
    /// Sizes from first to last, and the weight of this and all ranges before it.
    struct Range {
        std::uint32_t first;
        std::uint32_t last;
        std::uint32_t weight;
    };

    static Result<Sizes> parse_uniform(std::string_view range);
    static Result<Sizes> parse_list(std::string_view list);
    [[nodiscard]] std::uint32_t choose(Random &random) const;

    std::vector<Range> ranges_;
    std::string text_;
};

} // namespace kinetd::load
