// SPDX-License-Identifier: GPL-2.0
/// \file
/// What the kernel tells of a TCP socket. Not together with netinet/tcp.h, whose tcp_info is
/// another.
#pragma once

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/descriptor.hpp"

namespace kinetd::suite {

inline tcp_info info_of(const Descriptor &socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    (void)::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
    return info;
}

} // namespace kinetd::suite
