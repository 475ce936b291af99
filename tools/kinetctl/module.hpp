// SPDX-License-Identifier: GPL-2.0
/// \file
/// Kernel modules: finding, loading and unloading them.
#pragma once

#include <string>
#include <vector>

#include "tree/result.hpp"
#include "tree/transaction.hpp"

namespace kinetd::ctl {

inline constexpr const char *core_module = "kinetd";

/// A module that can be loaded.
struct Module {
    std::string name;
    std::string file; ///< its .ko; empty where modprobe finds it
};

/// What a module may be called by whoever names it, or a protocol of it, in short: tcp_echo,
/// tcp_discard (of proto_discard), echo.
std::vector<std::string> module_candidates(const std::string &name);

/// The module meant by a name or the path of a .ko; below `folder`, or installed where that is
/// empty.
tree::Result<Module> find_module(const std::string &name, const std::string &folder);

/// A parameter that a module takes, and the modules that it needs.
std::vector<std::string> parameters_of(const Module &module);
std::vector<std::string> needs_of(const Module &module);

bool is_loaded(const std::string &module);
/// The loaded module meant by a name; empty where there is none.
std::string loaded_module(const std::string &name);
/// Modules that use it, sorted.
std::vector<std::string> users_of(const std::string &module);

/// Loads one module; those that it needs are there, or modprobe loads them. The errno is the
/// kernel's.
tree::Status load_module(const Module &module, const std::vector<tree::Setting> &parameters);
tree::Status unload_module(const std::string &name);

/// The errno whose words end a line of another program's; 0 where there is none.
int errno_of_words(const std::string &text);

} // namespace kinetd::ctl
