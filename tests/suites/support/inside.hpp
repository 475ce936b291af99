// SPDX-License-Identifier: GPL-2.0
/// \file
/// Services inside another network namespace.
#pragma once

#include <cstdint>
#include <string>

#include "support/clock.hpp"
#include "support/netns.hpp"
#include "support/service.hpp"

namespace kinetd::suite {

/// What is to be brought up, and where it listens.
struct Inside {
    std::uint16_t port;
    std::string name = "inside";
    std::string protocol = "tcp_echo";
    std::string address = "127.0.0.1";
    std::string exec{}; ///< empty: what such services begin with
};

/// Makes the service from inside `where`, and switches it on from here: the namespace is the one
/// of whoever made the service. To be wrapped in ASSERT_NO_FATAL_FAILURE().
void start_inside(const NetworkNamespace &where, const Inside &service);

/// Whether the service goes, as it does with its namespace.
[[nodiscard]] bool goes(const std::string &name = "inside",
                        Milliseconds limit = patience(seconds(20)));

} // namespace kinetd::suite
