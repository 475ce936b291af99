// SPDX-License-Identifier: GPL-2.0
/// \file
/// Whole-file reads and one-call writes, as sysfs and procfs want them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tree/result.hpp"

namespace kinetd::tree {

/// All of a file.
Result<std::string> read_file(const std::string &path);

/// Writes `text` in exactly one write(), so that the errno is that of one store. Returns 0 or the
/// errno.
int write_file(const std::string &path, std::string_view text);

/// Names in a folder, sorted; empty where it is not there.
std::vector<std::string> list_folder(const std::string &path);

bool exists(const std::string &path);

} // namespace kinetd::tree
