// SPDX-License-Identifier: GPL-2.0
/// \file
/// The project's modules, and loading and unloading them by system call, so that the errno is the
/// kernel's own.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "support/clock.hpp"
#include "support/result.hpp"

namespace kinetd::suite {

/// A module of the project.
struct Module {
    const char *name;
    const char *folder;                     ///< in the tree, and of what is built of it
    std::span<const char *const> protocols; ///< what it registers
};

inline constexpr const char *core_name = "kinetd";
inline constexpr const char *client_name = "kinetd_client";
inline constexpr const char *echo_name = "proto_tcp_echo";
inline constexpr const char *udp_echo_name = "proto_udp_echo";
inline constexpr const char *discard_name = "proto_discard";
inline constexpr const char *notify_name = "proto_udp_notify";
inline constexpr const char *chargen_name = "proto_chargen";
inline constexpr const char *daytime_name = "proto_daytime";
inline constexpr const char *time_name = "proto_time";
inline constexpr const char *reverse_name = "proto_tcp_reverse"; ///< built outside of the tree
inline constexpr const char *contract_name = "proto_contract";   ///< the suites' own, in contract/

/// All of them, core first: none needs one that stands behind it. The suites' own is among them.
std::span<const Module> all_modules();
/// Those that register a protocol, for others than the suites.
std::span<const Module> protocol_modules();
/// The one of this name; throws where there is none.
const Module &module_named(std::string_view name);
/// Where it lies, built.
std::string path_of(const Module &module);

Status insert_module(const std::string &path, const std::string &parameters = "");

/// Removes without waiting, as rmmod does: EWOULDBLOCK where the module is in use.
Status remove_module(const std::string &name);

bool is_loaded(const std::string &name);

Status insert_core();

struct Removal {
    Status status;
    Milliseconds took;
};

/// For any of the modules by its name, those that register protocols above all.
Status insert_protocol(std::string_view name, const std::string &parameters);
Removal remove_protocol(const std::string &name);

/// The same for the one that most tests use.
Status insert_echo(const std::string &parameters);
Removal remove_echo();

/// Removes whatever of the project is loaded, core last.
Status remove_everything();

} // namespace kinetd::suite
