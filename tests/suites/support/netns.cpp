// SPDX-License-Identifier: GPL-2.0
#include "support/netns.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstring>

namespace kinetd::suite {

namespace {

constexpr const char *own_namespace = "/proc/thread-self/ns/net";

Status raise_loopback() {
    const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket)
        return last_error("socket");
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
        return last_error("SIOCSIFFLAGS");
    return Done{};
}

Result<Descriptor> make_namespace() {
    if (::unshare(CLONE_NEWNET) != 0)
        return last_error("unshare");
    auto status = raise_loopback();
    if (!status)
        return status.error();
    Descriptor fd(::open(own_namespace, O_RDONLY | O_CLOEXEC));
    if (!fd)
        return last_error("open namespace");
    return fd;
}

} // namespace

Result<NetworkNamespace> NetworkNamespace::create() {
    Result<Descriptor> fd = Error{0, "not made"};
    std::thread([&fd] { fd = make_namespace(); }).join();
    if (!fd)
        return fd.error();
    return NetworkNamespace(std::move(fd).value());
}

Status NetworkNamespace::enter() const {
    if (::setns(fd_.get(), CLONE_NEWNET) != 0)
        return last_error("setns");
    return Done{};
}

std::uint64_t NetworkNamespace::inode() const {
    struct stat status {};
    return ::fstat(fd_.get(), &status) == 0 ? status.st_ino : 0;
}

std::string NetworkNamespace::path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

std::uint64_t own_namespace_inode() {
    struct stat status {};
    return ::stat(own_namespace, &status) == 0 ? status.st_ino : 0;
}

} // namespace kinetd::suite
