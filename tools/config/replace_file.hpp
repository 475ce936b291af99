// SPDX-License-Identifier: GPL-2.0
/// \file
/// A file that is replaced whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "tree/result.hpp"

namespace kinetd::config {

/// Whoever opens `path` at any time, also after a loss of power, finds all of the old or all of the
/// new contents. Keeps the old one's mode, and follows a symbolic link.
tree::Status replace_file(const std::string &path, std::string_view text);

} // namespace kinetd::config
