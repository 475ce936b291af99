// SPDX-License-Identifier: GPL-2.0
#include "tree/uninterrupted.hpp"

#include <initializer_list>

namespace kinetd::tree {

Uninterrupted::Uninterrupted() {
    sigset_t signals;
    (void)::sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
        (void)::sigaddset(&signals, signal);
    (void)::pthread_sigmask(SIG_BLOCK, &signals, &before_);
}

Uninterrupted::~Uninterrupted() {
    (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

} // namespace kinetd::tree
