// SPDX-License-Identifier: GPL-2.0
#include "support/datagram.hpp"

#include <netinet/udp.h>
#include <poll.h>

#include <array>

namespace kinetd::suite {

namespace {

constexpr std::size_t most_in_a_burst = 64;

Status apply(const Descriptor &socket, const DatagramOptions &options) {
    if (options.receive_buffer != 0)
        (void)set_option(socket, SOL_SOCKET, SO_RCVBUFFORCE, options.receive_buffer);
    if (options.send_buffer != 0)
        (void)set_option(socket, SOL_SOCKET, SO_SNDBUFFORCE, options.send_buffer);
    if (options.broadcast)
        (void)set_option(socket, SOL_SOCKET, SO_BROADCAST, 1);
    if (options.share_address)
        (void)set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.share_port)
        (void)set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
    if (options.trains && !set_option(socket, IPPROTO_UDP, UDP_GRO, 1))
        return last_error("UDP_GRO");
    if (options.source && ::bind(socket.get(), options.source->data(), options.source->size()) != 0)
        return last_error("bind");
    return Done{};
}

/// The size that the kernel says the datagrams of a train have.
std::size_t segment_of(msghdr &message) {
    for (cmsghdr *part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part))
        if (part->cmsg_level == IPPROTO_UDP && part->cmsg_type == UDP_GRO) {
            int size = 0;
            std::memcpy(&size, CMSG_DATA(part), sizeof size);
            return static_cast<std::size_t>(size);
        }
    return 0;
}

/// One attempt.
Result<Datagram> receive_now(const Descriptor &socket) {
    static thread_local std::array<char, 65536> block;
    alignas(cmsghdr) std::array<char, 128> control{};
    sockaddr_storage from{};
    iovec piece{block.data(), block.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t n = ::recvmsg(socket.get(), &message, MSG_DONTWAIT);
    if (n < 0)
        return last_error("recvmsg");
    return Datagram{
        {block.data(), static_cast<std::size_t>(n)}, Endpoint(from), segment_of(message)};
}

/// Sends what `attempt` sends, waiting for room; ENOBUFS counts as none.
template <class Attempt>
Status send_by(const Descriptor &socket, std::size_t size, Attempt attempt) {
    const Deadline deadline(patience(seconds(10)));
    for (;;) {
        const ssize_t n = attempt();
        if (n >= 0)
            return static_cast<std::size_t>(n) == size ? Status(Done{})
                                                       : Status(Error{EIO, "short send"});
        if (!would_block())
            return last_error("send");
        if (!ready(socket, POLLOUT, deadline))
            return Error{ETIMEDOUT, "send"};
    }
}

} // namespace

Result<Descriptor> datagram_socket(int family, const DatagramOptions &options) {
    Descriptor socket(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return last_error("socket");
    const auto applied = apply(socket, options);
    if (!applied)
        return applied.error();
    return socket;
}

Result<Descriptor> datagram_to(const Endpoint &peer, const DatagramOptions &options) {
    auto socket = datagram_socket(peer.family(), options);
    if (socket && ::connect(socket->get(), peer.data(), peer.size()) != 0)
        return last_error("connect");
    return socket;
}

Status send_datagram(const Descriptor &socket, std::string_view bytes) {
    return send_by(socket, bytes.size(),
                   [&] { return ::send(socket.get(), bytes.data(), bytes.size(), 0); });
}

Status send_datagram(const Descriptor &socket, const Endpoint &to, std::string_view bytes) {
    return send_by(socket, bytes.size(), [&] {
        return ::sendto(socket.get(), bytes.data(), bytes.size(), 0, to.data(), to.size());
    });
}

Status send_train(const Descriptor &socket, std::string_view bytes, std::size_t segment) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    iovec piece{const_cast<char *>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = IPPROTO_UDP;
    part->cmsg_type = UDP_SEGMENT;
    part->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto size = static_cast<std::uint16_t>(segment);
    std::memcpy(CMSG_DATA(part), &size, sizeof size);
    return send_by(socket, bytes.size(), [&] { return ::sendmsg(socket.get(), &message, 0); });
}

std::size_t send_burst(const Descriptor &socket, std::string_view bytes, std::size_t count) {
    std::array<mmsghdr, most_in_a_burst> messages{};
    iovec piece{const_cast<char *>(bytes.data()), bytes.size()};
    for (auto &message : messages) {
        message.msg_hdr.msg_iov = &piece;
        message.msg_hdr.msg_iovlen = 1;
    }
    const auto most = static_cast<unsigned>(std::min(count, messages.size()));
    const int n = ::sendmmsg(socket.get(), messages.data(), most, 0);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

Result<Datagram> receive_datagram(const Descriptor &socket, Milliseconds limit) {
    const Deadline deadline(limit);
    for (;;) {
        auto datagram = receive_now(socket);
        if (datagram)
            return datagram;
        errno = datagram.code();
        if (!would_block())
            return datagram;
        if (!ready(socket, POLLIN, deadline))
            return Error{ETIMEDOUT, "recvmsg"};
    }
}

std::vector<Datagram> take_datagrams(const Descriptor &socket) {
    std::vector<Datagram> taken;
    for (;;) {
        auto datagram = receive_now(socket);
        if (!datagram)
            return taken;
        taken.push_back(std::move(datagram).value());
    }
}

Status ask(const Descriptor &socket, std::string_view bytes, Milliseconds limit) {
    auto sent = send_datagram(socket, bytes);
    if (!sent)
        return sent;
    const auto answer = receive_datagram(socket, limit);
    if (!answer)
        return answer.error();
    if (answer->bytes != bytes)
        return Error{EBADMSG, "the answer, of " + std::to_string(answer->bytes.size()) +
                                  " bytes, is not what was sent"};
    return Done{};
}

Status ask(const Descriptor &socket, const Endpoint &peer, std::string_view bytes,
           Milliseconds limit) {
    auto sent = send_datagram(socket, peer, bytes);
    if (!sent)
        return sent;
    const auto answer = receive_datagram(socket, limit);
    if (!answer)
        return answer.error();
    if (!(answer->from == peer))
        return Error{EBADMSG, "sent to " + peer.text() + ", answered by " + answer->from.text()};
    if (answer->bytes != bytes)
        return Error{EBADMSG, "the answer is not what was sent"};
    return Done{};
}

bool is_silent(const Descriptor &socket) {
    pollfd entry{socket.get(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 0;
}

} // namespace kinetd::suite
