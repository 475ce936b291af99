// SPDX-License-Identifier: GPL-2.0
/// \file
/// Why a module could not be loaded or unloaded, in words.
#pragma once

#include <string>
#include <vector>

#include "kinetctl/module.hpp"
#include "tree/tree.hpp"

namespace kinetd::ctl {

/// `lines` is what the kernel said meanwhile.
tree::Error explain_load(const tree::Tree &tree, const Module &module, tree::Error error,
                         const std::vector<std::string> &lines);

tree::Error explain_unload(const std::string &module, tree::Error error);

} // namespace kinetd::ctl
