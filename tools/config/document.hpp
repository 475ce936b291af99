// SPDX-License-Identifier: GPL-2.0
/// \file
/// A configuration as a file holds it: TOML.
#pragma once

#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/problem.hpp"

namespace kinetd::config {

struct Document {
    Config config;
    Lines lines;
};

/// Reads a whole file and finds everything that can be wrong with it by itself. Where several
/// things are, it is the first of them in the file that is told.
Checked<Document> parse(const std::string &text);

/// The file that parse() makes the same configuration of: what has its standard value is left out
/// but for address and port; sorted by name, keys in the manual's order. The problem is a value
/// that TOML cannot hold.
Checked<std::string> print(const Config &config);

/// What two enabled services of one configuration must not do, and others that do not fit together.
void check_together(const Document &document, std::vector<Problem> &problems);

} // namespace kinetd::config
