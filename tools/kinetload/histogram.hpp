// SPDX-License-Identifier: GPL-2.0
/// \file
/// Counts of values with three significant digits over the whole range, as HdrHistogram keeps
/// them: buckets that double in width, each of 1024 equal steps.
#pragma once

#include <cstdint>
#include <vector>

namespace kinetd::load {

class Histogram {
public:
    /// Values of up to an hour, in nanoseconds; what is larger counts as this, but for max().
    static constexpr std::uint64_t highest = 3'600'000'000'000;

    Histogram();

    void record(std::uint64_t value) {
        ++counts_[index_of(value < highest ? value : highest)];
        ++total_;
        sum_ += value;
        if (value > max_)
            max_ = value;
        if (value < min_)
            min_ = value;
    }

    void add(const Histogram &other);

    [[nodiscard]] std::uint64_t total() const { return total_; }
    [[nodiscard]] std::uint64_t min() const { return total_ == 0 ? 0 : min_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }
    [[nodiscard]] double mean() const;

    /// The largest value that is told apart from the one that at least `percent` percent of all
    /// recorded values do not exceed; never above max(). 0 where nothing was recorded.
    [[nodiscard]] std::uint64_t percentile(double percent) const;

private:
    static constexpr unsigned step_bits = 10; ///< 2048 steps tell 1000 from 1001

    static std::size_t index_of(std::uint64_t value) {
        const auto width = static_cast<unsigned>(64 - __builtin_clzll(value | 2047));
        const unsigned shift = width - (step_bits + 1);
        return (static_cast<std::size_t>(shift) << step_bits) + (value >> shift);
    }
    static std::uint64_t last_of(std::size_t index);

    std::vector<std::uint64_t> counts_;
    std::uint64_t total_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t max_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
};

} // namespace kinetd::load
