// SPDX-License-Identifier: GPL-2.0
/// \file
/// Work that no signal ends half way.
#pragma once

#include <csignal>

namespace kinetd::tree {

/// Holds back what would end the program, while it lives; the signals then take effect. A thread's
/// own, so it must go in the thread that made it.
class Uninterrupted {
public:
    Uninterrupted();
    ~Uninterrupted();
    Uninterrupted(const Uninterrupted &) = delete;
    Uninterrupted &operator=(const Uninterrupted &) = delete;

private:
    sigset_t before_{};
};

} // namespace kinetd::tree
