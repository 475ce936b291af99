// SPDX-License-Identifier: GPL-2.0
/// \file
/// Whether a configuration can come about in this state.
#pragma once

#include <optional>

#include "config/plan.hpp"

namespace kinetd::config {

/// The first thing in the file that cannot, as far as that can be told without writing.
std::optional<Problem> find_obstacle(const Document &wanted, const State &now,
                                     const Machine &machine, const Wish &wish);

} // namespace kinetd::config
