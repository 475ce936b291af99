// SPDX-License-Identifier: GPL-2.0
#include "kinetload/sizes.hpp"

#include <algorithm>

#include "kinetload/quantity.hpp"

namespace kinetd::load {

namespace {

constexpr std::string_view uniform = "uniform:";
constexpr std::uint64_t heaviest = 1'000'000'000; ///< all weights together

Error wrong() {
    return Error{"takes bytes (64, 16k), uniform:MIN-MAX (uniform:64-1k) or SIZE:WEIGHT,... "
                 "(64:8,1k:2), each size up to 1024M"};
}

Result<std::uint32_t> parse_size(std::string_view text) {
    const auto size = parse_bytes(text);
    if (!size || *size > Sizes::largest)
        return wrong();
    return static_cast<std::uint32_t>(*size);
}

} // namespace

Sizes::Sizes(std::uint32_t fixed) : ranges_{{fixed, fixed, 1}}, text_(std::to_string(fixed)) {}

Result<Sizes> Sizes::parse(std::string_view text) {
    if (text.substr(0, uniform.size()) == uniform)
        return parse_uniform(text.substr(uniform.size()));
    if (text.find(':') != std::string_view::npos)
        return parse_list(text);
    const auto size = parse_size(text);
    if (!size)
        return size.error();
    return Sizes(*size);
}

Result<Sizes> Sizes::parse_uniform(std::string_view range) {
    const auto dash = range.find('-');
    if (dash == std::string_view::npos)
        return wrong();
    const auto first = parse_size(range.substr(0, dash));
    const auto last = parse_size(range.substr(dash + 1));
    if (!first || !last || *last < *first)
        return wrong();
    Sizes sizes;
    sizes.ranges_ = {{*first, *last, 1}};
    sizes.text_ = std::string(uniform).append(range);
    return sizes;
}

Result<Sizes> Sizes::parse_list(std::string_view list) {
    Sizes sizes;
    sizes.ranges_.clear();
    sizes.text_ = list;
    std::uint64_t sum = 0;
    while (true) {
        const auto comma = list.find(',');
        const auto entry = list.substr(0, comma);
        const auto colon = entry.find(':');
        if (colon == std::string_view::npos)
            return wrong();
        const auto size = parse_size(entry.substr(0, colon));
        const auto weight = parse_count(entry.substr(colon + 1));
        if (!size || !weight || *weight > heaviest || (sum += *weight) > heaviest)
            return wrong();
        sizes.ranges_.push_back({*size, *size, static_cast<std::uint32_t>(sum)});
        if (comma == std::string_view::npos)
            return sizes;
        list.remove_prefix(comma + 1);
    }
}

std::uint32_t Sizes::choose(Random &random) const {
    const std::uint32_t at = random.below(ranges_.back().weight);
    const auto range = std::find_if(ranges_.begin(), ranges_.end(),
                                    [at](const Range &one) { return at < one.weight; });
    return range->first + random.below(range->last - range->first + 1);
}

std::uint32_t Sizes::min() const {
    return std::min_element(ranges_.begin(), ranges_.end(),
                            [](auto &a, auto &b) { return a.first < b.first; })
        ->first;
}

std::uint32_t Sizes::max() const {
    return std::max_element(ranges_.begin(), ranges_.end(),
                            [](auto &a, auto &b) { return a.last < b.last; })
        ->last;
}

double Sizes::mean() const {
    double sum = 0;
    std::uint32_t before = 0;
    for (const auto &range : ranges_) {
        const double middle = (static_cast<double>(range.first) + range.last) / 2;
        sum += middle * (range.weight - before);
        before = range.weight;
    }
    return sum / before;
}

} // namespace kinetd::load
