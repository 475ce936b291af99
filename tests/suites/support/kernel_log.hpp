// SPDX-License-Identifier: GPL-2.0
/// \file
/// The kernel's log from a moment on, and which of its lines speak of trouble.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.hpp"

namespace kinetd::suite {

/// Whether a log line says that something is wrong with the kernel.
bool speaks_of_trouble(std::string_view line);

/// The text of a /dev/kmsg record: without the prefix and the continuation lines.
std::string record_text(std::string_view record);

/// Reads the records that come after its construction.
class KernelLog {
public:
    KernelLog();

    /// The new lines since the last call. Records overwritten before they could be read show up as
    /// one line that says so.
    std::vector<std::string> take();

private:
    Descriptor fd_;
};

/// Puts a line into the log.
void log_line(const std::string &text);

} // namespace kinetd::suite
