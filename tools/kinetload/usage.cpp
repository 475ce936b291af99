// SPDX-License-Identifier: GPL-2.0
#include "kinetload/usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace kinetd::load {

namespace {

Nanoseconds to_nanoseconds(const timeval &time) {
    return static_cast<Nanoseconds>(time.tv_sec) * second +
           static_cast<Nanoseconds>(time.tv_usec) * 1000;
}

} // namespace

Usage Usage::read() {
    Usage usage;
    rusage own{};
    (void)::getrusage(RUSAGE_SELF, &own);
    usage.client = to_nanoseconds(own.ru_utime) + to_nanoseconds(own.ru_stime);
    usage.cpus = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    double up = 0;
    double idle = 0;
    std::ifstream file("/proc/uptime");
    usage.machine_known = static_cast<bool>(file >> up >> idle);
    usage.idle = static_cast<Nanoseconds>(idle * 1e9);
    usage.at = now();
    return usage;
}

Spent spent(const Usage &from, const Usage &to) {
    Spent result;
    result.client_seconds = static_cast<double>(to.client - from.client) / 1e9;
    if (from.machine_known && to.machine_known) {
        const double all = static_cast<double>(to.at - from.at) * to.cpus;
        const double idle = static_cast<double>(to.idle - from.idle);
        result.machine_seconds = std::max(0.0, (all - idle) / 1e9);
    }
    return result;
}

} // namespace kinetd::load
