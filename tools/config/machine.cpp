// SPDX-License-Identifier: GPL-2.0
#include "config/machine.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <charconv>
#include <cstring>

#include "base/descriptor.hpp"
#include "tree/file.hpp"

namespace kinetd::config {

namespace {

/// A file's line; empty where it cannot be read.
std::string read_line(const std::string &path) {
    const auto text = tree::read_file(path);
    return text ? text->substr(0, text->find('\n')) : "";
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress socket_address(const Address &address) {
    SocketAddress result;
    const auto text = address.text();
    if (address.is_ipv6()) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        (void)::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr);
        std::memcpy(&result.storage, &v6, result.size = sizeof(v6));
    } else {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        (void)::inet_pton(AF_INET, text.c_str(), &v4.sin_addr);
        std::memcpy(&result.storage, &v4, result.size = sizeof(v4));
    }
    return result;
}

std::uint16_t port_of(const sockaddr_storage &storage) {
    sockaddr_in v4{};
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    std::memcpy(&v4, &storage, sizeof(v4));
    return ntohs(v4.sin_port);
}

} // namespace

Machine read_machine() {
    Machine machine;
    struct stat status {};
    if (::stat("/proc/self/ns/net", &status) == 0)
        machine.netns = std::to_string(status.st_ino);
    const auto backlog = read_line("/proc/sys/net/core/somaxconn");
    (void)std::from_chars(backlog.data(), backlog.data() + backlog.size(), machine.backlog_most);
    machine.possible_cpus = read_line("/sys/devices/system/cpu/possible");
    return machine;
}

std::optional<std::uint16_t> find_free_port(const Endpoint &near) {
    auto address = socket_address(near.address);
    auto *const place = reinterpret_cast<sockaddr *>(&address.storage);
    const Descriptor socket(::socket(near.address.is_ipv6() ? AF_INET6 : AF_INET,
                                     (near.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0));
    if (!socket || ::bind(socket.get(), place, address.size) != 0 ||
        ::getsockname(socket.get(), place, &address.size) != 0)
        return std::nullopt;
    return port_of(address.storage);
}

} // namespace kinetd::config
