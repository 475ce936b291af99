// SPDX-License-Identifier: GPL-2.0
/// \file
/// What a command line means: [KIND] NAME key=value...
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tree/transaction.hpp"
#include "tree/tree.hpp"

namespace kinetd::ctl {

/// An object by kind and name.
struct Target {
    tree::Kind kind = tree::Kind::service;
    std::string name;
};

/// "service" and the like.
std::optional<tree::Kind> kind_named(const std::string &word);

/// Takes [KIND] NAME from the front of the words. A name alone must be that of one service, pool or
/// client; else of a protocol, where `protocols` lets it.
tree::Result<Target> take_target(const tree::Tree &tree, std::vector<std::string> &words,
                                 bool protocols);

/// key=value, each key once.
tree::Result<std::vector<tree::Setting>> parse_settings(const std::vector<std::string> &words);

} // namespace kinetd::ctl
