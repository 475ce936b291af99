// SPDX-License-Identifier: GPL-2.0
/// \file
/// A value or an error: what every function that may be refused returns.
#pragma once

#include <string>

#include "base/expected.hpp"

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

/// A T or an Error.
template <class T>
class [[nodiscard]] Result : public Expected<T, Error> {
public:
    using Expected<T, Error>::Expected;

    /// 0 where there is a value, else the errno.
    [[nodiscard]] int code() const { return this->ok() ? 0 : this->error().code; }
};

using Status = Result<Done>;

} // namespace kinetd::tree
