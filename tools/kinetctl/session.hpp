// SPDX-License-Identifier: GPL-2.0
/// \file
/// What all verbs have in common: the tree, where output goes, how a run ends.
#pragma once

#include <cerrno>
#include <iostream>
#include <string>

#include "tree/file.hpp"
#include "tree/tree.hpp"

namespace kinetd::ctl {

/// Exit statuses, as kinetctl(8) has them.
enum Exit : int {
    exit_done = 0,
    exit_refused = 1,      ///< the kernel, or this program, refused or failed
    exit_usage = 2,        ///< the command line is wrong
    exit_not_loaded = 3,   ///< kinetd is not loaded
    exit_no_object = 4,    ///< no such service, pool, client, protocol, module or setting
    exit_no_privilege = 5, ///< needs root or a capability
    exit_differs = 6,      ///< apply --dry-run: there is something to do
};

/// Errno of an Error whose fault is the command line.
inline constexpr int usage_fault = EBADMSG;

/// The status for an error, seen that kinetd is loaded or not.
Exit exit_for(int code, bool loaded);

/// A run of the program.
class Session {
public:
    explicit Session(std::ostream &output = std::cout, std::ostream &errors = std::cerr)
        : out(output), err(errors) {}

    [[nodiscard]] tree::Tree tree() const { return {root, writer}; }

    /// Says why something failed, in one line that names the fix; returns the status for it.
    int fail(const tree::Error &error);
    /// The same where a line without an errno says it all.
    int fail(Exit status, const std::string &line);

    std::string root = tree::root_from_environment();
    tree::Writer writer = tree::write_file;
    std::ostream &out;
    std::ostream &err;
    int status = exit_done; ///< of the verb that ran
};

} // namespace kinetd::ctl
