// SPDX-License-Identifier: GPL-2.0
/// \file
/// What is wrong with a configuration, and where.
#pragma once

#include <string>
#include <string_view>

#include "base/expected.hpp"

namespace kinetd::config {

/// One mistake: what is wrong with which value, and the fix, in one line.
struct Problem {
    int line = 0; ///< of the file, from 1; 0: of no line
    std::string text;

    /// `FILE:LINE: text`
    [[nodiscard]] std::string in(std::string_view file) const;
};

/// A T or a Problem.
template <class T>
using Checked = Expected<T, Problem>;

/// Bytes of the user's as a message can hold them: printable, on one line, not for ever long.
std::string quote(std::string_view bytes);

/// ` (did you mean WORD?)`, or nothing where no candidate is near.
template <class Words>
std::string did_you_mean(std::string_view word, const Words &candidates);

/// How many letters must be put in, left out, changed or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b);

template <class Words>
std::string did_you_mean(std::string_view word, const Words &candidates) {
    std::string_view best;
    std::size_t least = word.size() < 4 ? 2 : 3; // nearer than that
    for (const std::string_view candidate : candidates) {
        const auto far = distance(word, candidate);
        if (far < least) {
            least = far;
            best = candidate;
        }
    }
    return best.empty() ? "" : " (did you mean " + std::string(best) + "?)";
}

} // namespace kinetd::config
