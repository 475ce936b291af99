// SPDX-License-Identifier: GPL-2.0
/// \file
/// Where the services that the suites make run: every suite can be run in both ways.
#pragma once

#include <functional>
#include <string>

#include "support/result.hpp"

namespace kinetd::suite {

/// Has a service that was just made run where KINETD_EXEC says, if it says so.
void obey_environment(const std::string &service);

/// Do the services that tests make run in softirqs?
bool inline_by_environment();

/// Whether a worker wakes for each message that is answered, and goes to sleep again. The next one
/// comes only then: it would find him awake.
bool worker_answers(const std::function<Status()> &ask);

/// Whether so many messages in a row are answered, nine of ten without a worker being woken.
/// A softirq whose CPU was stopped in the middle of it, as any guest's may be, is charged for that
/// time and leaves all to the workers for as long: then the next row counts.
bool softirq_answers(const std::function<Status()> &ask, unsigned row = 100);

} // namespace kinetd::suite
