// SPDX-License-Identifier: GPL-2.0
/// \file
/// What there is now, in the terms of a configuration.
#pragma once

#include <map>
#include <set>
#include <string>

#include "config/config.hpp"
#include "config/problem.hpp"
#include "config/protocol.hpp"
#include "tree/object.hpp"

namespace kinetd::config {

/// A service that there is; of settings all that can be written, other protocols' files included.
struct LiveService {
    std::string protocol;
    Settings settings;
    std::string netns; ///< the inode's number

    [[nodiscard]] bool enabled() const { return get(settings, "enabled") == "1"; }
};

struct State {
    bool loaded = false;                   ///< whether the core is
    std::set<std::string> modules;         ///< those that use the core
    std::map<std::string, bool> protocols; ///< whether each goes over UDP
    std::map<std::string, Settings> pools;
    std::map<std::string, LiveService> services;

    /// Where an enabled service listens.
    [[nodiscard]] std::optional<Endpoint> endpoint(const std::string &service) const;
    /// The enabled service that a socket at this place would collide with, but for one and for
    /// those of other network namespaces; empty: none.
    [[nodiscard]] std::string holder(const Endpoint &place, const std::string &netns,
                                     const std::string &except) const;
};

/// What a service has that has just been made, where the namespace clamps nothing.
Settings settings_of_new(const Protocol &protocol);

/// From what was read of the tree; `modules` are the core's users.
State state_of(const tree::Snapshot &snapshot, std::set<std::string> modules);

/// What the configuration depends on that is neither in the file nor in the tree.
struct Machine {
    std::string netns;            ///< of this process, in which services are made
    unsigned backlog_most = 4096; ///< net.core.somaxconn, to which the kernel clamps
    std::string possible_cpus;    ///< a list; empty: not known
};

/// The configuration that makes this state; services of other namespaces are not in it.
Config config_of(const State &state, const Machine &machine);

} // namespace kinetd::config
