// SPDX-License-Identifier: GPL-2.0
/// \file
/// Running another program to its end.
#pragma once

#include <string>
#include <vector>

#include "tree/result.hpp"

namespace kinetd::ctl {

struct Outcome {
    int status = 0; ///< exit status; 128 and the signal where one ended it
    std::string output{};
    std::string errors{};
};

/// Runs a program, looked for in $PATH and where administrators' programs are, in the C locale.
tree::Result<Outcome> run_program(const std::vector<std::string> &arguments);

} // namespace kinetd::ctl
