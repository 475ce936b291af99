// SPDX-License-Identifier: GPL-2.0
/// \file
/// The tree in words, for a terminal.
#pragma once

#include <string>

#include "tree/object.hpp"

namespace kinetd::ctl {

/// All there is, on one screen.
std::string overview(const tree::Snapshot &snapshot);

/// One object, with all its settings and counters.
std::string detail(const tree::Snapshot &snapshot, const tree::Object &object);

} // namespace kinetd::ctl
