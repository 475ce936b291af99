// SPDX-License-Identifier: GPL-2.0
#include "support/events.hpp"

#include <algorithm>

#include "support/file.hpp"

namespace kinetd::suite {

Events::Events() {
    (void)write_file(tracing + "/trace", "");
    // Would switch on the scheduler's tracepoints as well, for the names of processes.
    (void)write_file(tracing + "/options/record-cmd", "0");
    switched_on_ = write_file(tracing + "/events/kinetd/enable", "1").ok();
}

Events::~Events() {
    (void)write_file(tracing + "/events/kinetd/enable", "0");
}

std::size_t Events::count(const std::string &event, const std::string &text) {
    const auto lines = split(read_file(tracing + "/trace").value(), '\n');
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const std::string &line) {
            return line.find(" " + event + ": ") != std::string::npos &&
                   line.find(text) != std::string::npos;
        }));
}

} // namespace kinetd::suite
