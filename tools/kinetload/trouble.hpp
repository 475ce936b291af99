// SPDX-License-Identifier: GPL-2.0
/// \file
/// Errors of system calls, with what mends them where something does.
#pragma once

#include <string>

namespace kinetd::load {

/// "WHAT: why", and for what a setting would help against, which.
std::string explain(const std::string &what, int code);

} // namespace kinetd::load
