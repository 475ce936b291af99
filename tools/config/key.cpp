// SPDX-License-Identifier: GPL-2.0
#include "config/key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>

#include "config/address.hpp"
#include "config/cpu_list.hpp"
#include "tree/object.hpp"

namespace kinetd::config {

namespace {

constexpr std::array<Key, 4> keys_of_pools{{
    {"threads", Kind::number, 1, 1024},
    {"cpus", Kind::cpus},
    {"nice", Kind::number, -20, 19, "0"},
    {"busy_poll_us", Kind::number, 0, 10000, "0"},
}};

constexpr std::array<Key, 15> keys_of_services{{
    {"address", Kind::address, 0, 0, "127.0.0.1"},
    {"port", Kind::number, 1, 65535},
    {"enabled", Kind::flag, 0, 0, "1"},
    {"exec", Kind::exec, 0, 0, "thread"},
    {"pool", Kind::name, 0, 0, "default"},
    {"backlog", Kind::number, 1, INT_MAX, "4096", Scope::tcp},
    {"max_connections", Kind::number, 0, INT_MAX, "16384", Scope::tcp},
    {"max_per_source", Kind::number, 0, INT_MAX, "0", Scope::tcp},
    {"idle_timeout_ms", Kind::number, 0, INT_MAX, "0", Scope::tcp},
    {"send_timeout_ms", Kind::number, 0, INT_MAX, "120000", Scope::tcp},
    {"min_source_port", Kind::number, 0, 65535, "1024", Scope::udp},
    {"rate_limit_pps", Kind::number, 0, INT_MAX, "", Scope::udp},
    {"target_address", Kind::address, 0, 0, "127.0.0.1", Scope::udp, "udp_notify"},
    {"target_port", Kind::number, 0, 65535, "0", Scope::udp, "udp_notify"},
    {"message", Kind::text, 1, 1024, "notify", Scope::udp, "udp_notify"},
}};

Problem refuse(const Key &key, const std::string &value, std::string_view why) {
    return {0, fmt::format("{} = {} {}; it takes {}", key.name, value, why, values_of(key))};
}

Checked<std::string> canonical_address(const Key &key, const std::string &text) {
    const auto address = Address::parse(text);
    if (!address)
        return refuse(key, quote(text), "is no address");
    if (address->is_group())
        return refuse(key, quote(text), "is a group's address");
    return address->text();
}

Checked<std::string> canonical_text(const Key &key, const std::string &text) {
    const auto size = static_cast<std::int64_t>(text.size());
    if (size < key.least || size > key.most)
        return refuse(key, quote(text), fmt::format("has {} bytes", size));
    if (text.find_first_of(std::string_view("\0\n", 2)) != std::string::npos)
        return refuse(key, quote(text), "holds a newline or a NUL");
    return text;
}

Checked<std::string> canonical_string(const Key &key, const std::string &text) {
    switch (key.kind) {
    case Kind::address:
        return canonical_address(key, text);
    case Kind::cpus:
        if (const auto cpus = parse_cpus(text))
            return text_of(*cpus);
        return refuse(key, quote(text), "is no list of CPUs");
    case Kind::name:
        if (tree::is_valid_name(text))
            return text;
        return refuse(key, quote(text), "is no name");
    case Kind::exec:
        if (text == "thread" || text == "inline")
            return text;
        return refuse(key, quote(text), "is neither");
    case Kind::text:
        return canonical_text(key, text);
    default:
        return refuse(key, quote(text), "is a string");
    }
}

} // namespace

std::span<const Key> pool_keys() {
    return keys_of_pools;
}

std::span<const Key> service_keys() {
    return keys_of_services;
}

const Key *find_key(std::span<const Key> keys, std::string_view name) {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [name](const Key &k) { return k.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

bool applies(const Key &key, const Protocol &protocol) {
    const auto scope = protocol.udp ? Scope::udp : Scope::tcp;
    return (key.scope == Scope::all || key.scope == scope) &&
           (key.protocol.empty() || key.protocol == protocol.name);
}

std::string standard_of(const Key &key, const Protocol &protocol) {
    if (key.name == "port")
        return std::to_string(protocol.default_port);
    if (key.name == "rate_limit_pps")
        return std::to_string(protocol.rate_limit_pps);
    return std::string(key.standard);
}

Checked<std::string> canonical(const Key &key, const Value &value) {
    if (const auto *number = std::get_if<std::int64_t>(&value);
        number && key.kind == Kind::number) {
        if (*number < key.least || *number > key.most)
            return refuse(key, spell(value), "is out of range");
        return std::to_string(*number);
    }
    if (const auto *flag = std::get_if<bool>(&value); flag && key.kind == Kind::flag)
        return std::string(*flag ? "1" : "0");
    if (const auto *text = std::get_if<std::string>(&value))
        return canonical_string(key, *text);
    if (const auto *other = std::get_if<Other>(&value))
        return refuse(key, spell(value), fmt::format("is a {}", other->type));
    return refuse(key, spell(value), std::get_if<bool>(&value) ? "is a boolean" : "is a number");
}

std::string canonical(const Key &key, const std::string &in_force) {
    if (key.kind == Kind::address) {
        const auto address = Address::parse(in_force);
        return address ? address->text() : in_force;
    }
    if (key.kind == Kind::cpus) {
        const auto cpus = parse_cpus(in_force);
        return cpus ? text_of(*cpus) : in_force;
    }
    return in_force;
}

std::string values_of(const Key &key) {
    switch (key.kind) {
    case Kind::number:
        return fmt::format("a number, {} to {}", key.least, key.most);
    case Kind::flag:
        return "true or false";
    case Kind::address:
        return "one host's address such as \"192.0.2.1\" or \"2001:db8::1\", or \"0.0.0.0\" or "
               "\"::\" for all";
    case Kind::cpus:
        return fmt::format("numbers up to {} and ranges such as \"0-3,8\"", largest_cpu);
    case Kind::name:
        return "a pool's name, 1 to 31 of [a-z0-9_-], such as \"default\"";
    case Kind::exec:
        return "\"thread\" or \"inline\"";
    case Kind::text:
        return fmt::format("a string of {} to {} bytes on one line", key.least, key.most);
    }
    return "";
}

std::string spell(const Value &value) {
    if (const auto *flag = std::get_if<bool>(&value))
        return *flag ? "true" : "false";
    if (const auto *number = std::get_if<std::int64_t>(&value))
        return std::to_string(*number);
    if (const auto *text = std::get_if<std::string>(&value))
        return quote(*text);
    return "(...)";
}

} // namespace kinetd::config
