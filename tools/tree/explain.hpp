// SPDX-License-Identifier: GPL-2.0
/// \file
/// What an errno means here, and what helps.
#pragma once

#include <string>

#include "tree/result.hpp"
#include "tree/tree.hpp"

namespace kinetd::tree {

/// What an errno is about: the file, and what of the tree one must know to say more.
struct Context {
    std::string subject;       ///< the file below the root
    std::string value{};       ///< what was to be written
    std::string known{};       ///< what there is instead, "tcp_echo, public"
    std::string address{};     ///< where the service would have listened
    std::string port{};        ///< the same
    std::string holder{};      ///< who has that place, "inetd, pid 812"
    bool object_exists = true; ///< whether the object that the file belongs to is there
    bool root_exists = true;   ///< whether kinetd is loaded
    bool is_root = false;      ///< whether the program runs as root
};

/// One line: what happened, and the fix.
std::string explain(int code, const Context &context);

/// The same with what the tree says now, so before anything is rolled back; puts it into the
/// error's message.
Error explain(const Tree &tree, Error error);

/// What values a setting takes, "1 to 65535"; empty where this is not known.
std::string values_of(const std::string &key);

} // namespace kinetd::tree
