// SPDX-License-Identifier: GPL-2.0
/// \file
/// A value or why there is none, as std::expected of C++23 has it.
#pragma once

#include <utility>
#include <variant>

namespace kinetd {

/// A T or an E. To take the value of an error is a mistake of the program's.
template <class T, class E>
class [[nodiscard]] Expected {
public:
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    Expected(E error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] const E &error() const { return std::get<1>(state_); }
    T &operator*() & { return std::get<0>(state_); }
    const T &operator*() const & { return std::get<0>(state_); }
    T &&operator*() && { return std::get<0>(std::move(state_)); }
    T *operator->() { return &std::get<0>(state_); }
    const T *operator->() const { return &std::get<0>(state_); }

private:
    std::variant<T, E> state_;
};

/// The value where there is none to give.
using Done = std::monostate;

} // namespace kinetd
