// SPDX-License-Identifier: GPL-2.0
/// \file
/// A value, or one line that says what is wrong and what mends it.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <variant>

namespace kinetd::load {

struct Error {
    std::string text;
};

/// An error that ends in what errno holds now.
inline Error last_error(const std::string &what, int code) {
    return Error{what + ": " + std::strerror(code)};
}

template <class T>
class Result {
public:
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    /// Only where ok().
    T &operator*() { return *std::get_if<0>(&state_); }
    const T &operator*() const { return *std::get_if<0>(&state_); }
    T *operator->() { return std::get_if<0>(&state_); }
    const T *operator->() const { return std::get_if<0>(&state_); }
    /// Only where not ok().
    [[nodiscard]] const Error &error() const { return *std::get_if<1>(&state_); }
    [[nodiscard]] std::string text() const { return ok() ? "" : error().text; }

private:
    std::variant<T, Error> state_;
};

using Done = std::monostate;
using Status = Result<Done>;

} // namespace kinetd::load
