// SPDX-License-Identifier: GPL-2.0
/// \file
/// The kernel's fault injection: allocations that fail on purpose.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/clock.hpp"
#include "support/health.hpp"
#include "support/result.hpp"

namespace kinetd::suite {

/// Whether this kernel can make allocations fail.
bool can_inject();

/// Lets both slab and page allocations fail, silently, wherever they may sleep or not. Says so to
/// the oracle, and switches everything off in the end.
class Injection {
public:
    Injection();
    ~Injection();
    Injection(const Injection &) = delete;
    Injection &operator=(const Injection &) = delete;

    /// From here on only what happens below this function of the kernel may fail.
    static void only_below(const std::string &function);
    /// And from here on nothing below this one.
    static void not_below(const std::string &function);
    /// Makes `percent` of the allocations of the marked threads fail.
    static void set_probability(int percent);
    /// Marks a thread, so that its allocations may fail.
    static void mark(int pid, bool yes);
};

/// Makes `percent` of the allocations of these threads fail until its end. There must be an
/// Injection.
class Shortage {
public:
    Shortage(std::vector<Thread> threads, int percent);
    ~Shortage() { end(); }
    Shortage(const Shortage &) = delete;
    Shortage &operator=(const Shortage &) = delete;

    void end();

private:
    std::vector<Thread> threads_;
};

/// Runs `deed` on this thread with its `nth` allocation failing.
struct Attempt {
    Status status;
    bool injected; ///< there was an nth allocation
};
Attempt attempt(unsigned nth, const std::function<Status()> &deed);

/// Fails each allocation of `deed` once, in steps from its first to its last, then those between,
/// until all have been or `limit` is over. After each round `undo` is called with what the deed
/// gave.
struct Sweep {
    unsigned points = 0;   ///< rounds in which an allocation failed
    unsigned failures = 0; ///< rounds in which the deed failed with it
    bool complete = false;
};
Sweep sweep(const std::function<Status()> &deed, const std::function<void(const Status &)> &undo,
            Milliseconds limit);

/// Sweeps over a deed, whose failures may only be for want of memory, and which works when there is
/// memory again.
void expect_unwinding(const std::string &what, const std::function<Status()> &deed,
                      const std::function<void(const Status &)> &undo);

} // namespace kinetd::suite
