// SPDX-License-Identifier: GPL-2.0
/// \file
/// What applying a configuration changes, or would, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "config/carry_out.hpp"
#include "kinetctl/json.hpp"

namespace kinetd::ctl {

/// A line each: + for what is added, ~ for what is changed, - for what is removed.
std::string changes_text(const std::vector<config::Change> &changes);

Json to_json(const std::vector<config::Change> &changes);

/// The lines that say what went wrong, those of the file first: one for the failure, one for each
/// thing that could not be taken back, one for each that was left out.
std::vector<std::string> failure_lines(const std::string &file, const config::Lines &lines,
                                       const config::Outcome &outcome);

} // namespace kinetd::ctl
