// SPDX-License-Identifier: GPL-2.0
#include "support/tap.hpp"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "support/socket.hpp"

namespace kinetd::suite {

namespace {

constexpr int buffer_size = 8 << 20;

std::optional<Tap::Packet> parse(std::string_view bytes, int protocol) {
    iphdr ip{};
    if (bytes.size() < sizeof ip)
        return std::nullopt;
    std::memcpy(&ip, bytes.data(), sizeof ip);
    const std::size_t skip = ip.ihl * 4U;
    if (ip.version != 4 || ip.protocol != protocol || bytes.size() < skip)
        return std::nullopt;
    bytes.remove_prefix(skip);
    if (protocol != IPPROTO_UDP)
        return Tap::Packet{0, 0, std::string(bytes)};
    udphdr udp{};
    if (bytes.size() < sizeof udp)
        return std::nullopt;
    std::memcpy(&udp, bytes.data(), sizeof udp);
    return Tap::Packet{ntohs(udp.source), ntohs(udp.dest), std::string(bytes.substr(sizeof udp))};
}

} // namespace

Tap::Tap(const std::string &interface, int protocol)
    : socket_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      protocol_(protocol) {
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_IP);
    at.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    (void)set_option(socket_, SOL_SOCKET, SO_RCVBUFFORCE, buffer_size);
    if (!socket_ || ::bind(socket_.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0)
        throw std::runtime_error("no tap on " + interface);
}

std::vector<Tap::Packet> Tap::take() const {
    static thread_local std::array<char, 65536> block;
    std::vector<Packet> packets;
    for (;;) {
        sockaddr_ll from{};
        socklen_t size = sizeof from;
        const ssize_t n = ::recvfrom(socket_.get(), block.data(), block.size(), MSG_DONTWAIT,
                                     reinterpret_cast<sockaddr *>(&from), &size);
        if (n < 0)
            return packets;
        if (from.sll_pkttype == PACKET_OUTGOING) // the loopback shows each a second time
            continue;
        if (auto packet = parse({block.data(), static_cast<std::size_t>(n)}, protocol_))
            packets.push_back(std::move(*packet));
    }
}

} // namespace kinetd::suite
