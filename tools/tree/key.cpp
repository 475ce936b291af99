// SPDX-License-Identifier: GPL-2.0
#include "tree/key.hpp"

#include <algorithm>
#include <array>

namespace kinetd::tree {

namespace {

constexpr std::string_view address_values = "an IPv4 or IPv6 address of one host, such as "
                                            "127.0.0.1, or 0.0.0.0 or :: for all of this host's";
constexpr std::string_view number_values = "a number from 0 to 2147483647";

constexpr std::array keys{
    Key{"protocol"},
    Key{"netns", Type::number},
    Key{"transport", Type::text, "tcp or udp (udp takes payload_bytes from 8 to 65507 only)"},
    Key{"default_port", Type::number},
    Key{"address", Type::text, address_values, "where it listens; :: is everywhere"},
    Key{"port", Type::number, "a number from 1 to 65535", "where it listens"},
    Key{"enabled", Type::flag, "1 or 0", "1 serves, 0 stops and closes its connections"},
    Key{"exec", Type::text, "thread or inline",
        "thread: the pool's threads serve; inline: the softirq that received the data"},
    Key{"pool", Type::text, "the name of a pool", "whose threads serve connections from now on"},
    Key{"backlog", Type::number, "a number from 1 to 2147483647",
        "connections that may wait to be accepted"},
    Key{"max_connections", Type::number, number_values, "at a time, 0 is no limit"},
    Key{"max_per_source", Type::number, number_values,
        "at a time from one IPv4 address or IPv6 /64, 0 is no limit"},
    Key{"idle_timeout_ms", Type::number, number_values, "closes what is idle for so long, 0 never"},
    Key{"send_timeout_ms", Type::number, number_values,
        "resets a peer that takes nothing for so long, 0 never"},
    Key{"min_source_port", Type::number, "a number from 0 to 65535",
        "udp: no answer to a port below it"},
    Key{"rate_limit_pps", Type::number, number_values,
        "udp: answers a second to one source, 0 is no limit"},
    Key{"target_address", Type::text, "an IPv4 or IPv6 address of one host, such as 192.0.2.1",
        "udp_notify: to whom it sends"},
    Key{"target_port", Type::number, "a number from 0 to 65535, 0 for nobody",
        "udp_notify: to whom it sends, 0 is nobody"},
    Key{"message", Type::text, "1 to 1024 bytes in one line", "udp_notify: what it sends"},
    Key{"payload_bytes", Type::number, "1 to 1048576 for tcp, 8 to 65507 for udp"},
    Key{"interval_us", Type::number, "a number from 0 to 4294967295"},
    Key{"count", Type::number, "a number from 0 to 4294967295, 0 for endless"},
    Key{"timeout_ms", Type::number, "a number from 1 to 3600000"},
    Key{"running", Type::flag, "1 or 0"},
    Key{"threads", Type::number, "a number from 1 to 1024"},
    Key{"cpus", Type::text, "a list of this machine's CPUs such as 0-3,8"},
    Key{"nice", Type::number, "a number from -20 to 19"},
    Key{"busy_poll_us", Type::number, "a number from 0 to 10000"},
};

} // namespace

std::span<const Key> known_keys() {
    return keys;
}

const Key *find_key(std::string_view name) {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [name](const Key &key) { return key.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

} // namespace kinetd::tree
