// SPDX-License-Identifier: GPL-2.0
/// \file
/// The files that hold settings and facts: all that the programs know of each stands here.
#pragma once

#include <span>
#include <string_view>

namespace kinetd::tree {

enum class Type { text, number, flag };

struct Key {
    std::string_view name;
    Type type = Type::text;
    std::string_view values{}; ///< what may be written, in words; empty: nothing
    std::string_view about{};  ///< what it does; of a service's settings alone
};

/// In the order that Documentation/ABI has them. Protocols of others may have more.
std::span<const Key> known_keys();
/// Null where it is none of these.
const Key *find_key(std::string_view name);

} // namespace kinetd::tree
