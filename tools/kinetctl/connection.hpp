// SPDX-License-Identifier: GPL-2.0
/// \file
/// Connections, as debugfs lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kinetctl/json.hpp"

namespace kinetd::ctl {

/// A line of debugfs' kinetd/connections.
struct Connection {
    std::string service;
    std::string local;
    std::string peer;
    std::string worker;
    std::uint64_t age_ms = 0;
    std::uint64_t idle_ms = 0;
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::vector<std::string> states; ///< blocked, finishing

    [[nodiscard]] std::string state() const;
};

/// Nothing where the line is not one of a connection.
std::optional<Connection> parse_connection(const std::string &line);

/// All of a file's lines. What the file's format may have gained is ignored.
std::vector<Connection> parse_connections(const std::string &text);

/// Which connections, and in which order. What is empty or 0 lets all through.
struct Choice {
    std::string service;
    std::string peer;   ///< what the peer's place begins with, "192.0.2." or "[2001:db8:"
    std::string worker; ///< a worker, "default/0", or a pool
    std::string state;
    std::uint64_t idle_ms = 0; ///< at least
    std::string sort = "service";
    bool reverse = false;
    std::size_t limit = 0;
};

/// What Choice::sort may be.
const std::vector<std::string> &sort_keys();

/// Numbers are sorted largest first.
std::vector<Connection> choose(std::vector<Connection> connections, const Choice &choice);

std::string connections_text(const std::vector<Connection> &connections);
Json to_json(const Connection &connection);

/// "850ms", "12.3s", "5m07s", "3h12m", "2d04h".
std::string duration_text(std::uint64_t milliseconds);

} // namespace kinetd::ctl
