// SPDX-License-Identifier: GPL-2.0
#include "support/environment.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "support/clock.hpp"
#include "support/file.hpp"
#include "support/leaks.hpp"

namespace kinetd::suite {

namespace {

/// How many times longer a debug kernel may take. Emulated, it takes three to six times as long.
constexpr int debug_slowness = 5;

} // namespace

bool is_debug_kernel() {
    static const bool debug = exists("/proc/lockdep_stats") || has_leak_detector();
    return debug;
}

bool is_full_run() {
    static const bool full = [] {
        const char *value = std::getenv("KINETD_FULL");
        return value != nullptr && std::strcmp(value, "1") == 0;
    }();
    return full;
}

int slowness() {
    return is_debug_kernel() ? debug_slowness : 1;
}

std::uint64_t memory_in_mebibytes() {
    const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) >> 20;
}

bool has_ipv6() {
    return exists("/proc/net/if_inet6") && !read_file("/proc/net/if_inet6")->empty();
}

void raise_file_limit() {
    const auto most = read_number("/proc/sys/fs/nr_open");
    const rlim_t files = most ? *most : 65536;
    const rlimit limit{files, files};
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace kinetd::suite
