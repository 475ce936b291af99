// SPDX-License-Identifier: GPL-2.0
/// \file
/// What the tree holds, read at one time: protocols, services, pools and clients as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinetd::tree {

enum class Kind { protocol, service, pool, client };

/// "service"; and "services", which is also its folder.
const char *name_of(Kind kind);
const char *folder_of(Kind kind);

/// A file that holds a setting or a fact.
struct Attribute {
    std::string key;
    std::string value; ///< in force; of `[thread] inline` it is the choice, "thread"
    bool writable = false;
};

/// A folder: its files in the order that Documentation/ABI has them, a protocol's own after those.
struct Object {
    Kind kind = Kind::service;
    std::string name;
    std::vector<Attribute> attributes;
    std::vector<std::pair<std::string, std::uint64_t>> stats;

    [[nodiscard]] const Attribute *find(std::string_view key) const;
    /// The value; empty where there is no such file.
    [[nodiscard]] std::string get(std::string_view key) const;
    /// The counter; 0 where there is none.
    [[nodiscard]] std::uint64_t stat(std::string_view counter) const;
};

/// Everything. Services and pools are each sorted by name.
struct Snapshot {
    std::string version;
    std::vector<Object> protocols;
    std::vector<Object> services;
    std::vector<Object> pools;
    std::vector<Object> clients;
    bool has_clients = false; ///< whether kinetd_client is loaded

    [[nodiscard]] const std::vector<Object> &of(Kind kind) const;
    [[nodiscard]] const Object *find(Kind kind, std::string_view name) const;
    /// "tcp" or "udp"; empty where the protocol is gone.
    [[nodiscard]] std::string transport_of(const Object &service) const;
};

/// Puts a folder's file names in the order that Documentation/ABI has them; others follow, sorted.
void sort_like_abi(std::vector<std::string> &names);

/// Whether the kernel takes this as a name: 1 to 31 of [a-z0-9_-].
bool is_valid_name(std::string_view name);

} // namespace kinetd::tree
