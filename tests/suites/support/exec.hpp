// SPDX-License-Identifier: GPL-2.0
/// \file
/// Where the services that the suites make run: every suite can be run in both ways.
#pragma once

#include <string>

namespace kinetd::suite {

/// Has a service that was just made run where KINETD_EXEC says, if it says so.
void obey_environment(const std::string &service);

/// Do the services that tests make run in softirqs?
bool inline_by_environment();

} // namespace kinetd::suite
