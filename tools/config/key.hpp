// SPDX-License-Identifier: GPL-2.0
/// \file
/// The keys that a pool or a service may have in a configuration, and what each takes. A key bears
/// the name of the file in sysfs that it is written to.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "config/problem.hpp"
#include "config/protocol.hpp"

namespace kinetd::config {

enum class Kind { number, flag, address, cpus, name, exec, text };
enum class Scope { all, tcp, udp };

struct Key {
    std::string_view name;
    Kind kind;
    std::int64_t least = 0; ///< of a number; of a text its bytes
    std::int64_t most = 0;
    std::string_view standard{}; ///< in force where the file says nothing; see standard_of()
    Scope scope = Scope::all;
    std::string_view protocol{}; ///< the only one that has it; empty: all
};

std::span<const Key> pool_keys();
/// All but `protocol`, which is part of what a service is.
std::span<const Key> service_keys();
const Key *find_key(std::span<const Key> keys, std::string_view name);

/// Whether a service of this protocol has the key, and it means something there.
bool applies(const Key &key, const Protocol &protocol);
/// What is in force where the file of a service of this protocol says nothing.
std::string standard_of(const Key &key, const Protocol &protocol);

/// A value as TOML has it; `other` is of a type that no key takes, and named.
struct Other {
    std::string_view type;
};
using Value = std::variant<bool, std::int64_t, std::string, Other>;

/// The value as the kernel spells it; the problem has no line yet.
Checked<std::string> canonical(const Key &key, const Value &value);
/// What the kernel says, in the same spelling: addresses and lists of CPUs have several.
std::string canonical(const Key &key, const std::string &in_force);

/// "1 to 65535" and the like.
std::string values_of(const Key &key);

/// The value as it stands in the file.
std::string spell(const Value &value);

} // namespace kinetd::config
