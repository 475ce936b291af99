// SPDX-License-Identifier: GPL-2.0
#include "config/protocol.hpp"

#include <algorithm>
#include <array>

namespace kinetd::config {

namespace {

constexpr std::array<Protocol, 10> protocols{{
    {"tcp_chargen", "proto_chargen", false, 19},
    {"tcp_daytime", "proto_daytime", false, 13},
    {"tcp_discard", "proto_discard", false, 9},
    {"tcp_echo", "proto_tcp_echo", false, 7},
    {"tcp_time", "proto_time", false, 37},
    {"udp_daytime", "proto_daytime", true, 13},
    {"udp_discard", "proto_discard", true, 9},
    {"udp_echo", "proto_udp_echo", true, 7},
    {"udp_notify", "proto_udp_notify", true, 2325, 100},
    {"udp_time", "proto_time", true, 37},
}};

} // namespace

std::span<const Protocol> known_protocols() {
    return protocols;
}

const Protocol *find_protocol(std::string_view name) {
    const auto *found = std::find_if(protocols.begin(), protocols.end(),
                                     [name](const Protocol &p) { return p.name == name; });
    return found == protocols.end() ? nullptr : found;
}

bool is_own_module(std::string_view name) {
    return name == core_module || name == client_module ||
           std::any_of(protocols.begin(), protocols.end(),
                       [name](const Protocol &p) { return p.module == name; });
}

} // namespace kinetd::config
