// SPDX-License-Identifier: GPL-2.0
/// \file
/// What of this machine a configuration depends on.
#pragma once

#include <optional>

#include "config/address.hpp"
#include "config/state.hpp"

namespace kinetd::config {

/// As this process sees it; what cannot be read keeps its standard value.
Machine read_machine();

/// A port at the address of `near` that can be bound just now; nothing where there is none.
std::optional<std::uint16_t> find_free_port(const Endpoint &near);

} // namespace kinetd::config
