// SPDX-License-Identifier: GPL-2.0
/// \file
/// What is wanted compared with what there is.
#pragma once

#include <string>
#include <vector>

#include "config/plan.hpp"

namespace kinetd::config {

/// Modules that have to be loaded, in order.
std::vector<std::string> modules_to_load(const Config &wanted, const State &now);

/// The settings as the kernel will show them: backlog is clamped.
Settings in_force(const Settings &settings, const Machine &machine);

/// Services of this network namespace that the file does not name.
std::vector<std::string> unnamed_services(const Config &wanted, const State &now,
                                          const Machine &machine);
/// Pools that it does not name, but for the default one.
std::vector<std::string> unnamed_pools(const Config &wanted, const State &now);

/// A line for each thing that is added, changed or removed.
std::vector<Change> difference(const Config &wanted, const State &now, const Machine &machine,
                               const Wish &wish);

} // namespace kinetd::config
