// SPDX-License-Identifier: GPL-2.0
/// \file
/// From what there is to what is wanted: which changes that makes, and the writes in their order.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "config/state.hpp"

namespace kinetd::config {

/// A value for a file below the root, and what undoes that.
struct Write {
    std::string path;
    std::string value;
    std::vector<std::pair<std::string, std::string>> undo{}; ///< files and values, in order
};

/// What is done at once and fails as one.
struct Step {
    std::string what;            ///< what of the file it is for: "services.web.port"
    std::string module{};        ///< to be loaded; there are no writes then
    std::vector<Write> writes{}; ///< one after the other
    /// Whether they may as well be done the other way round, where the first finds its port taken.
    bool either_way = false;
    /// Where it fails the rest still holds.
    bool optional = false;
};

enum class Sign { add, change, remove };

/// A line of what a person is shown.
struct Change {
    Sign sign;
    std::string what;      ///< "services.web.port", "pools.fast"
    std::string from{};    ///< of a changed setting
    std::string to{};      ///< the same; of what is added, its settings
    std::string warning{}; ///< what else it does: connections that close
};

struct Plan {
    std::vector<Change> changes;
    std::vector<Step> steps;
};

struct Wish {
    bool prune = false; ///< services and pools that the file does not name are deleted
};

/// A port that nobody has at an address just now; nothing where there is none.
using FreePort = std::function<std::optional<std::uint16_t>(const Endpoint &near)>;

/// Finds what of the file cannot come about in this state before anything is written. No step
/// closes a connection unless the file says so, but for two services that swap places where no
/// third port is free.
Checked<Plan> plan(const Document &wanted, const State &now, const Machine &machine,
                   const Wish &wish, const FreePort &free_port);

} // namespace kinetd::config
