// SPDX-License-Identifier: GPL-2.0
/// \file
/// Changing settings for a person: what has changed is told, what fails is undone and named.
#pragma once

#include <vector>

#include "kinetctl/session.hpp"
#include "kinetctl/target.hpp"

namespace kinetd::ctl {

/// Explains why a transaction failed, then undoes it; tells what could not be undone.
int fail_and_undo(Session &session, const tree::Tree &tree, tree::Transaction &transaction,
                  const tree::Error &error);

/// Gives an object settings, all or none.
int change(Session &session, const tree::Tree &tree, const Target &target,
           const std::vector<tree::Setting> &settings);

} // namespace kinetd::ctl
