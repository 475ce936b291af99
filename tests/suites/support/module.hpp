// SPDX-License-Identifier: GPL-2.0
/// \file
/// Loading and unloading kernel modules by system call, so that the errno is the kernel's own.
#pragma once

#include <string>

#include "support/clock.hpp"
#include "support/result.hpp"

namespace kinetd::suite {

Status insert_module(const std::string &path, const std::string &parameters = "");

/// Removes without waiting, as rmmod does: EWOULDBLOCK where the module is in use.
Status remove_module(const std::string &name);

bool is_loaded(const std::string &name);

/// Where the modules under test lie.
std::string core_path();
std::string echo_path();

inline constexpr const char *core_name = "kinetd";
inline constexpr const char *echo_name = "proto_tcp_echo";

Status insert_core();
Status insert_echo(const std::string &parameters);

struct Removal {
    Status status;
    Milliseconds took;
};
Removal remove_echo();

/// Removes whatever of the project is loaded, protocols first.
Status remove_everything();

} // namespace kinetd::suite
