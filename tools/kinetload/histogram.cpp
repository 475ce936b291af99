// SPDX-License-Identifier: GPL-2.0
#include "kinetload/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace kinetd::load {

Histogram::Histogram() : counts_(index_of(highest) + 1) {}

void Histogram::add(const Histogram &other) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
        counts_[i] += other.counts_[i];
    total_ += other.total_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
    min_ = std::min(min_, other.min_);
}

double Histogram::mean() const {
    return total_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(total_);
}

/// The first bucket has 2048 steps of 1, each that follows 1024 of twice the width.
std::uint64_t Histogram::last_of(std::size_t index) {
    constexpr std::size_t steps = std::size_t{1} << step_bits;
    const std::size_t shift = index < 2 * steps ? 0 : (index >> step_bits) - 1;
    const std::size_t value = index - (shift << step_bits);
    return ((value + 1) << shift) - 1;
}

std::uint64_t Histogram::percentile(double percent) const {
    const double share = std::clamp(percent, 0.0, 100.0) / 100.0 * static_cast<double>(total_);
    // 99.9 % of 1000 is 999, whatever the last bit of the product says.
    const double rank = std::ceil(share - share * 1e-12);
    const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rank));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= wanted)
            return i + 1 == counts_.size() ? max_ : std::min(last_of(i), max_);
    }
    return max_;
}

} // namespace kinetd::load
