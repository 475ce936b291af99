// SPDX-License-Identifier: GPL-2.0
/// \file
/// What the kernel says from now on.
#pragma once

#include <string>
#include <vector>

#include "base/descriptor.hpp"

namespace kinetd::ctl {

/// Lines of the kernel's log that come after the object is made. Whoever may not read the log gets
/// none.
class KernelLog {
public:
    KernelLog();

    /// The lines so far that begin with one of these words and a colon.
    [[nodiscard]] std::vector<std::string> lines(const std::vector<std::string> &words) const;

private:
    Descriptor file_;
};

/// What a line of kinetd says of a service that could not be bound: "kinetd: tcp_echo: cannot serve
/// on 127.0.0.1 port 7: error -98".
struct Unserved {
    std::string protocol;
    std::string address;
    std::string port;
};

/// False where the line says something else.
bool parse_unserved(const std::string &line, Unserved &unserved);

} // namespace kinetd::ctl
