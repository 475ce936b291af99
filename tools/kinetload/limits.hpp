// SPDX-License-Identifier: GPL-2.0
/// \file
/// What this machine has to allow before a run can start.
#pragma once

#include "kinetload/options.hpp"
#include "kinetload/result.hpp"

namespace kinetd::load {

/// Raises the limit on descriptors as far as the run needs and may. An error says which limit is
/// in the way, or which CPU there is not.
Status check_limits(const Options &options);

} // namespace kinetd::load
