// SPDX-License-Identifier: GPL-2.0
#include "kinetload/trouble.hpp"

#include <cerrno>
#include <cstring>

namespace kinetd::load {

std::string explain(const std::string &what, int code) {
    std::string text = what + ": " + std::strerror(code);
    switch (code) {
    case EMFILE:
        return text + "; raise it with ulimit -n";
    case ENFILE:
        return text + "; raise it with sysctl fs.file-max";
    case ENOSPC:
        return text + "; raise sysctl fs.epoll.max_user_watches";
    case EADDRNOTAVAIL:
        return text + "; no local port is free: fewer connections, --reset with --churn, or a "
                      "wider sysctl net.ipv4.ip_local_port_range";
    default:
        return text;
    }
}

} // namespace kinetd::load
