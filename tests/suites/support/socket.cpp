// SPDX-License-Identifier: GPL-2.0
#include "support/socket.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <array>
#include <ostream>
#include <stdexcept>
#include <vector>

namespace kinetd::suite {

namespace {

/// What fits an Ethernet.
constexpr int small_segment = 1448;

} // namespace

bool ready(const Descriptor &socket, short events, const Deadline &deadline) {
    pollfd entry{socket.get(), events, 0};
    for (;;) {
        const int n = ::poll(&entry, 1, deadline.left());
        if (n >= 0 || errno != EINTR)
            return n > 0;
    }
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

Endpoint::Endpoint(const std::string &address, std::uint16_t port) : port_(port) {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    const auto scope = address.find('%');
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&storage_, &v4, sizeof v4);
        size_ = sizeof v4;
    } else if (::inet_pton(AF_INET6, address.substr(0, scope).c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        if (scope != std::string::npos)
            v6.sin6_scope_id = ::if_nametoindex(address.substr(scope + 1).c_str());
        std::memcpy(&storage_, &v6, sizeof v6);
        size_ = sizeof v6;
    } else {
        throw std::invalid_argument("no address: " + address);
    }
}

Endpoint::Endpoint(const sockaddr_storage &storage) : storage_(storage) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4); // the port sits at the same place in both families
    port_ = ntohs(v4.sin_port);
    size_ = storage.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

std::string Endpoint::address() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    std::memcpy(&v4, &storage_, sizeof v4);
    std::memcpy(&v6, &storage_, sizeof v6);
    const void *address = family() == AF_INET6 ? static_cast<const void *>(&v6.sin6_addr)
                                               : static_cast<const void *>(&v4.sin_addr);
    if (::inet_ntop(family(), address, text.data(), text.size()) == nullptr)
        return "nowhere";
    return text.data();
}

std::string Endpoint::text() const {
    return address() + " port " + std::to_string(port_);
}

void PrintTo(const Endpoint &endpoint, std::ostream *out) {
    *out << endpoint.text();
}

Status set_option(const Descriptor &socket, int level, int name, int value) {
    if (::setsockopt(socket.get(), level, name, &value, sizeof value) != 0)
        return last_error("setsockopt");
    return Done{};
}

Result<Descriptor> start_connect(const Endpoint &peer, const ConnectOptions &options) {
    Descriptor socket(::socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return last_error("socket");
    (void)set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.receive_buffer != 0) {
        (void)set_option(socket, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
        // The loopback's segments are larger than such a buffer: each would wait for a timer.
        (void)set_option(socket, IPPROTO_TCP, TCP_MAXSEG, small_segment);
    }
    if (options.send_buffer != 0)
        (void)set_option(socket, SOL_SOCKET, SO_SNDBUF, options.send_buffer);
    if (options.source) {
        // The port is chosen at connect time, so that one source may have many connections.
        (void)set_option(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        if (::bind(socket.get(), options.source->data(), options.source->size()) != 0)
            return last_error("bind");
    }
    if (::connect(socket.get(), peer.data(), peer.size()) != 0 && errno != EINPROGRESS)
        return last_error("connect");
    return socket;
}

Result<Descriptor> connect_to(const Endpoint &peer, const ConnectOptions &options) {
    auto socket = start_connect(peer, options);
    if (!socket)
        return socket;
    if (!ready(*socket, POLLOUT, Deadline(options.limit)))
        return Error{ETIMEDOUT, "connect"};
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket->get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
        return Error{error, "connect"};
    return socket;
}

Result<Descriptor> listen_on(const Endpoint &at, bool share_port) {
    Descriptor socket(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return last_error("socket");
    if (share_port)
        (void)set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
    if (::bind(socket.get(), at.data(), at.size()) != 0)
        return last_error("bind");
    if (::listen(socket.get(), 16) != 0)
        return last_error("listen");
    return socket;
}

Status send_all(const Descriptor &socket, std::string_view bytes, Milliseconds limit) {
    const Deadline deadline(limit);
    while (!bytes.empty()) {
        const ssize_t n = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n >= 0)
            bytes.remove_prefix(static_cast<std::size_t>(n));
        else if (!would_block())
            return last_error("send");
        else if (!ready(socket, POLLOUT, deadline))
            return Error{ETIMEDOUT, "send"};
    }
    return Done{};
}

Result<std::string> receive_some(const Descriptor &socket, std::size_t most, Milliseconds limit) {
    const Deadline deadline(limit);
    std::string bytes(most, '\0');
    for (;;) {
        const ssize_t n = ::recv(socket.get(), bytes.data(), most, 0);
        if (n >= 0) {
            bytes.resize(static_cast<std::size_t>(n));
            return bytes;
        }
        if (!would_block())
            return last_error("recv");
        if (!ready(socket, POLLIN, deadline))
            return Error{ETIMEDOUT, "recv"};
    }
}

Result<std::string> receive_exactly(const Descriptor &socket, std::size_t size,
                                    Milliseconds limit) {
    const Deadline deadline(limit);
    std::string bytes;
    while (bytes.size() < size) {
        auto part = receive_some(socket, size - bytes.size(), Milliseconds(deadline.left()));
        if (!part)
            return part.error();
        if (part->empty())
            return Error{ENODATA, "stream ended after " + std::to_string(bytes.size()) + " of " +
                                      std::to_string(size) + " bytes"};
        bytes += *part;
    }
    return bytes;
}

Result<std::string> receive_all(const Descriptor &socket, Milliseconds limit) {
    const Deadline deadline(limit);
    std::string bytes;
    for (;;) {
        auto part = receive_some(socket, 65536, Milliseconds(deadline.left()));
        if (!part)
            return part.error();
        if (part->empty())
            return bytes;
        bytes += *part;
    }
}

Status round_trip(const Descriptor &socket, std::string_view message, Milliseconds limit) {
    auto sent = send_all(socket, message, limit);
    if (!sent)
        return sent;
    const auto answer = receive_exactly(socket, message.size(), limit);
    if (!answer)
        return answer.error();
    if (*answer != message)
        return Error{EBADMSG, "the answer is not what was sent"};
    return Done{};
}

Ending wait_for_end(const Descriptor &socket, Milliseconds limit) {
    const Deadline deadline(limit);
    for (;;) {
        const auto part = receive_some(socket, 65536, Milliseconds(deadline.left()));
        if (!part)
            return part.code() == ETIMEDOUT && deadline.passed() ? Ending::open : Ending::reset;
        if (part->empty())
            return Ending::finished;
    }
}

Status half_close(const Descriptor &socket) {
    if (::shutdown(socket.get(), SHUT_WR) != 0)
        return last_error("shutdown");
    return Done{};
}

void reset(Descriptor &socket) {
    const linger abort{1, 0};
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    socket.close();
}

Status vanish(Descriptor &socket) {
    // A socket under repair is thrown away on close without a FIN or a RST.
    auto status = set_option(socket, IPPROTO_TCP, TCP_REPAIR, 1);
    socket.close();
    return status;
}

Result<std::uint64_t> fill(const Descriptor &socket, Milliseconds quiet) {
    static const std::vector<char> block(65536, 'x');
    std::uint64_t total = 0;
    for (;;) {
        const ssize_t n = ::send(socket.get(), block.data(), block.size(), MSG_NOSIGNAL);
        if (n > 0)
            total += static_cast<std::uint64_t>(n);
        else if (n < 0 && !would_block())
            return last_error("send");
        else if (!ready(socket, POLLOUT, Deadline(quiet)))
            return total;
    }
}

Endpoint local_endpoint(const Descriptor &socket) {
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr *>(&at), &size);
    return Endpoint(at);
}

std::uint16_t local_port(const Descriptor &socket) {
    return local_endpoint(socket).port();
}

} // namespace kinetd::suite
