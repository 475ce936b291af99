// SPDX-License-Identifier: GPL-2.0
/// \file
/// A value or an errno: what every function that talks to the kernel returns.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace kinetd::suite {

/// Why something failed: an errno and what was tried.
struct Error {
    int code = 0;
    std::string what;

    [[nodiscard]] std::string text() const {
        return what + ": " + std::strerror(code) + " (" + std::to_string(code) + ")";
    }
};

/// The error that errno holds now.
inline Error last_error(std::string what) {
    return Error{errno, std::move(what)};
}

/// A T or an Error. value() throws on an error, so that a test that cannot go on ends there.
template <class T>
class Result {
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
    [[nodiscard]] std::string text() const { return ok() ? "success" : error().text(); }

    T &value() & {
        check();
        return std::get<0>(state_);
    }
    T &&value() && {
        check();
        return std::get<0>(std::move(state_));
    }
    const T &value() const & {
        check();
        return std::get<0>(state_);
    }
    T &operator*() { return value(); }
    const T &operator*() const { return value(); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }

private:
    void check() const {
        if (!ok())
            throw std::runtime_error(error().text());
    }

    std::variant<T, Error> state_;
};

/// The value of a Result that has none to give.
using Done = std::monostate;
using Status = Result<Done>;

} // namespace kinetd::suite
