// SPDX-License-Identifier: GPL-2.0
/// \file
/// The protocols that kinetd brings: which module has them, and what differs among them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace kinetd::config {

struct Protocol {
    std::string_view name;
    std::string_view module;
    bool udp = false;
    std::uint16_t default_port = 0;
    unsigned rate_limit_pps = 0; ///< of a service that was given none
};

std::span<const Protocol> known_protocols();
/// Null where kinetd brings none of this name.
const Protocol *find_protocol(std::string_view name);
/// Whether kinetd brings this module; the core and the client are among them.
bool is_own_module(std::string_view name);

inline constexpr std::string_view core_module = "kinetd";
inline constexpr std::string_view client_module = "kinetd_client";

} // namespace kinetd::config
