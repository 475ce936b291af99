// SPDX-License-Identifier: GPL-2.0
#include "tree/object.hpp"

#include <algorithm>
#include <array>

#include "tree/key.hpp"

namespace kinetd::tree {

namespace {

constexpr std::size_t longest_name = 31;

constexpr std::array<std::string_view, 21> counters{
    "connections_accepted",
    "connections_active",
    "connections_closed",
    "connections_refused",
    "connections_timed_out",
    "bytes_received",
    "bytes_sent",
    "datagrams_received",
    "datagrams_sent",
    "datagrams_dropped",
    "sent",
    "received",
    "mismatched",
    "lost",
    "errors",
    "reconnects",
    "rtt_min_ns",
    "rtt_mean_ns",
    "rtt_p50_ns",
    "rtt_p99_ns",
    "rtt_max_ns",
};

std::size_t rank_of(std::string_view name) {
    const auto keys = known_keys();
    if (const auto *key = find_key(name); key != nullptr)
        return static_cast<std::size_t>(key - keys.data());
    const auto counter = std::find(counters.begin(), counters.end(), name);
    return keys.size() + static_cast<std::size_t>(counter - counters.begin());
}

} // namespace

const char *name_of(Kind kind) {
    static constexpr std::array names{"protocol", "service", "pool", "client"};
    return names[static_cast<std::size_t>(kind)];
}

const char *folder_of(Kind kind) {
    static constexpr std::array names{"protocols", "services", "pools", "clients"};
    return names[static_cast<std::size_t>(kind)];
}

const Attribute *Object::find(std::string_view key) const {
    const auto found = std::find_if(attributes.begin(), attributes.end(),
                                    [key](const Attribute &a) { return a.key == key; });
    return found == attributes.end() ? nullptr : &*found;
}

std::string Object::get(std::string_view key) const {
    const auto *attribute = find(key);
    return attribute != nullptr ? attribute->value : "";
}

std::uint64_t Object::stat(std::string_view counter) const {
    const auto found = std::find_if(stats.begin(), stats.end(),
                                    [counter](const auto &s) { return s.first == counter; });
    return found == stats.end() ? 0 : found->second;
}

const std::vector<Object> &Snapshot::of(Kind kind) const {
    const std::array all{&protocols, &services, &pools, &clients};
    return *all[static_cast<std::size_t>(kind)];
}

const Object *Snapshot::find(Kind kind, std::string_view name) const {
    const auto &objects = of(kind);
    const auto found = std::find_if(objects.begin(), objects.end(),
                                    [name](const Object &o) { return o.name == name; });
    return found == objects.end() ? nullptr : &*found;
}

std::string Snapshot::transport_of(const Object &service) const {
    const auto *protocol = find(Kind::protocol, service.get("protocol"));
    return protocol != nullptr ? protocol->get("transport") : "";
}

void sort_like_abi(std::vector<std::string> &names) {
    std::sort(names.begin(), names.end(), [](const std::string &a, const std::string &b) {
        return std::pair(rank_of(a), a) < std::pair(rank_of(b), b);
    });
}

bool is_valid_name(std::string_view name) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    return !name.empty() && name.size() <= longest_name &&
           name.find_first_not_of(allowed) == std::string_view::npos;
}

} // namespace kinetd::tree
