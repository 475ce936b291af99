// SPDX-License-Identifier: GPL-2.0
/// \file
/// Whole-file reads and one-call writes, as sysfs and procfs want them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.hpp"

namespace kinetd::suite {

Result<std::string> read_file(const std::string &path);

/// Writes `text` in exactly one write(), so that the errno is that of one store.
Status write_file(const std::string &path, std::string_view text);

/// The file without its last newline.
Result<std::string> read_line(const std::string &path);

Result<std::uint64_t> read_number(const std::string &path);

bool exists(const std::string &path);

/// Names in a folder, sorted; empty where it is not there.
std::vector<std::string> list(const std::string &path);

std::vector<std::string> split(std::string_view text, char separator);

} // namespace kinetd::suite
