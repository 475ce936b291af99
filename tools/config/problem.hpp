// SPDX-License-Identifier: GPL-2.0
/// \file
/// What is wrong with a configuration, and where.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kinetd::config {

/// One mistake: what is wrong with which value, and the fix, in one line.
struct Problem {
    int line = 0; ///< of the file, from 1; 0: of no line
    std::string text;

    /// `FILE:LINE: text`
    [[nodiscard]] std::string in(std::string_view file) const;
};

/// A T or a Problem. To take the value of a problem is a mistake of the program's.
template <class T>
class [[nodiscard]] Checked {
public:
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    Checked(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    Checked(Problem problem) : state_(std::in_place_index<1>, std::move(problem)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] const Problem &problem() const { return std::get<1>(state_); }
    T &operator*() & { return std::get<0>(state_); }
    const T &operator*() const & { return std::get<0>(state_); }
    T &&operator*() && { return std::get<0>(std::move(state_)); }
    T *operator->() { return &std::get<0>(state_); }
    const T *operator->() const { return &std::get<0>(state_); }

private:
    std::variant<T, Problem> state_;
};

/// Bytes of the user's as a message can hold them: printable, on one line, not for ever long.
std::string quote(std::string_view bytes);

/// `; did you mean WORD?`, or nothing where no candidate is near.
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
    return best.empty() ? "" : "; did you mean " + std::string(best) + "?";
}

} // namespace kinetd::config
