// SPDX-License-Identifier: GPL-2.0
/// \file
/// A value or an error: what every function that may be refused returns.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace kinetd::tree {

/// Why something failed.
struct Error {
    int code = 0;          ///< an errno
    std::string subject;   ///< the file below the root, or what else it is about
    std::string value{};   ///< what was to be written; empty where nothing was
    std::string message{}; ///< one line for people that replaces the plain one; see explain.hpp

    /// One line: the message, or else subject, value and what the errno stands for.
    [[nodiscard]] std::string text() const;
};

/// A T or an Error. To take the value of an error is a mistake of the program's.
template <class T>
class [[nodiscard]] Result {
public:
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    /// 0 where there is a value, else the errno.
    [[nodiscard]] int code() const { return ok() ? 0 : std::get<1>(state_).code; }
    [[nodiscard]] const Error &error() const { return std::get<1>(state_); }

    T &operator*() & { return std::get<0>(state_); }
    const T &operator*() const & { return std::get<0>(state_); }
    T &&operator*() && { return std::get<0>(std::move(state_)); }
    T *operator->() { return &std::get<0>(state_); }
    const T *operator->() const { return &std::get<0>(state_); }

private:
    std::variant<T, Error> state_;
};

/// The value of a Result that has none to give.
using Done = std::monostate;
using Status = Result<Done>;

} // namespace kinetd::tree
