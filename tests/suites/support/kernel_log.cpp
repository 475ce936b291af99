// SPDX-License-Identifier: GPL-2.0
#include "support/kernel_log.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <regex>

#include "support/file.hpp"

namespace kinetd::suite {

namespace {

const std::regex &trouble() {
    static const std::regex pattern(
        "\\b(BUG|WARNING|Oops|KASAN|KCSAN|UBSAN|KFENCE|ODEBUG|DEBUG_LOCKS_WARN_ON|INFO: task)\\b"
        "|RIP: |Call Trace:|Kernel panic|general protection fault|unable to handle"
        "|ref_tracker|unreferenced object|suspected memory leaks|refcount_t:"
        "|blocked for more than|(rcu|self)[-_a-z: ]*(stall|detected stall)|soft lockup|hard LOCKUP"
        "|possible (circular|recursive|irq lock|deadlock)|inconsistent lock state"
        "|turning off the locking correctness validator"
        "|suspicious RCU usage|sleeping function called|scheduling while atomic"
        "|(lock|locks) held (when|by) |bad unlock balance|held lock freed|invalid wait context"
        "|still has objects|Objects remaining|unregister_netdevice: waiting"
        "|page allocation failure|Out of memory|sysfs: cannot create duplicate"
        "|kobject.*(not initialized|tried to|does not have a release)|list_(add|del) corruption"
        "|workqueue.*(hogged|lockup)|stack-protector|bad page|nobody cared|already exists in the",
        std::regex::ECMAScript | std::regex::optimize);
    return pattern;
}

} // namespace

bool speaks_of_trouble(std::string_view line) {
    return std::regex_search(line.begin(), line.end(), trouble());
}

std::string record_text(std::string_view record) {
    const auto start = record.find(';');
    if (start == std::string_view::npos)
        return std::string(record);
    record.remove_prefix(start + 1);
    return std::string(record.substr(0, record.find('\n')));
}

KernelLog::KernelLog() : fd_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (fd_)
        (void)::lseek(fd_.get(), 0, SEEK_END);
}

std::vector<std::string> KernelLog::take() {
    std::vector<std::string> lines;
    std::array<char, 8192> record{};
    for (;;) {
        const ssize_t n = ::read(fd_.get(), record.data(), record.size());
        if (n > 0)
            lines.push_back(record_text({record.data(), static_cast<std::size_t>(n)}));
        else if (n < 0 && errno == EPIPE)
            lines.emplace_back("(log records were lost)");
        else
            return lines;
    }
}

void log_line(const std::string &text) {
    (void)write_file("/dev/kmsg", "<7>" + text + "\n"); // debug level: not for the console
}

} // namespace kinetd::suite
