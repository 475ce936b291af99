// SPDX-License-Identifier: GPL-2.0
#include "kinetload/limits.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "kinetload/quantity.hpp"

namespace kinetd::load {

namespace {

Status check_cpus(const Options &options) {
    std::ifstream file("/sys/devices/system/cpu/online");
    std::string online;
    if (!(file >> online))
        return Done{};
    const auto present = parse_cpus(online);
    if (!present)
        return Done{};
    for (const unsigned cpu : options.cpus)
        if (std::find(present->begin(), present->end(), cpu) == present->end())
            return Error{fmt::format("--cpus: CPU {} is not online here; take of {}", cpu, online)};
    return Done{};
}

Status check_descriptors(const Options &options) {
    constexpr rlim_t own = 16; // standard ones, files, signals
    const rlim_t wanted = rlim_t{options.connections} + options.threads + own;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return Done{};
    const rlimit raised{wanted, std::max(wanted, limit.rlim_max)};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return Done{};
    return Error{fmt::format("--connections {}: takes {} descriptors, and the limit (ulimit -Hn) "
                             "is {}; raise it as root with ulimit -n {}, or open fewer",
                             options.connections, wanted, limit.rlim_max, wanted)};
}

} // namespace

Status check_limits(const Options &options) {
    if (auto cpus = check_cpus(options); !cpus)
        return cpus;
    return check_descriptors(options);
}

} // namespace kinetd::load
