// SPDX-License-Identifier: GPL-2.0
/// \file
/// The state of the kernel in the parts where a server module leaves its marks.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.hpp"

namespace kinetd::suite {

/// The taint bits that say something: all but "out of tree" and "unsigned".
std::uint64_t taint();
std::uint64_t meaningful_taint(std::uint64_t bits);

/// False where lockdep is built in and has switched itself off; a blind lockdep finds nothing.
bool lockdep_is_on();
bool lockdep_says_on(std::string_view lockdep_stats);

/// Objects in use in each of the project's slab caches.
std::map<std::string, std::uint64_t> slab_objects();
/// The same from the text of /proc/slabinfo.
std::map<std::string, std::uint64_t> parse_slabinfo(std::string_view text);
/// The size of one object of a cache.
Result<std::uint64_t> slab_object_size(const std::string &cache);

/// A kernel thread of the project.
struct Thread {
    int pid;
    std::string name;
    char state;
};
/// From now on the threads that are there now are taken for others', whatever they are called.
void ignore_present_threads();
/// Those whose name begins so.
std::vector<Thread> threads_named(std::string_view prefix);
/// kinetd/POOL/N
std::vector<Thread> worker_threads();
/// How often a thread has given up the CPU of its own will.
std::uint64_t context_switches(int pid);
/// How often all workers together have gone to sleep: they were woken as often.
std::uint64_t worker_sleeps();
/// How many hundredths of a second it has had the CPU.
std::uint64_t cpu_ticks(int pid);
/// How many of them there should be: the sum of pools/*/threads.
std::uint64_t configured_threads();

/// The state letter in /proc/PID/stat, or 0.
char state_of(std::string_view stat);
/// The name in it, which may hold any character, or nothing.
std::string_view name_in(std::string_view stat);

} // namespace kinetd::suite
