// SPDX-License-Identifier: GPL-2.0
#include "support/forge.hpp"

#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

#include <cstring>
#include <vector>

namespace kinetd::suite {

namespace {

constexpr std::size_t udp_header = 8;
constexpr int hops = 64;

class Checksum {
public:
    void add(const void *data, std::size_t size) {
        const auto *bytes = static_cast<const unsigned char *>(data);
        for (std::size_t i = 0; i < size; i++)
            sum_ += i % 2 == 0 ? bytes[i] << 8U : bytes[i];
    }
    void add(std::uint16_t value) { sum_ += value; }

    [[nodiscard]] std::uint16_t value() const {
        std::uint64_t folded = sum_;
        while (folded > 0xffff)
            folded = (folded & 0xffff) + (folded >> 16U);
        return static_cast<std::uint16_t>(~folded);
    }

private:
    std::uint64_t sum_ = 0;
};

/// The bytes of the address alone, in network order.
std::string raw_address(const Endpoint &endpoint) {
    const auto *base = reinterpret_cast<const char *>(endpoint.data());
    if (endpoint.family() == AF_INET6)
        return {base + offsetof(sockaddr_in6, sin6_addr), sizeof(in6_addr)};
    return {base + offsetof(sockaddr_in, sin_addr), sizeof(in_addr)};
}

/// The UDP header and the payload.
std::string datagram_of(const Forgery &forgery) {
    udphdr header{};
    const auto size = static_cast<std::uint16_t>(udp_header + forgery.payload.size());
    header.source = htons(forgery.source.port());
    header.dest = htons(forgery.destination.port());
    header.len = htons(size);
    if (forgery.checksum != Forgery::Checksum::none) {
        Checksum sum;
        for (const auto &address : {raw_address(forgery.source), raw_address(forgery.destination)})
            sum.add(address.data(), address.size());
        sum.add(IPPROTO_UDP);
        sum.add(size);
        sum.add(&header, sizeof header);
        sum.add(forgery.payload.data(), forgery.payload.size());
        const std::uint16_t right = sum.value() != 0 ? sum.value() : 0xffff;
        const auto other = static_cast<std::uint16_t>(right ^ 0x5555U);
        header.check = htons(forgery.checksum == Forgery::Checksum::right ? right : other);
    }
    return std::string(reinterpret_cast<const char *>(&header), sizeof header) + forgery.payload;
}

std::string packet_v4(const Forgery &forgery) {
    const auto datagram = datagram_of(forgery);
    auto options = forgery.options;
    options.resize((options.size() + 3) / 4 * 4, '\0');
    iphdr header{};
    header.version = 4;
    header.ihl = static_cast<unsigned>(sizeof header + options.size()) / 4;
    header.tot_len =
        htons(static_cast<std::uint16_t>(sizeof header + options.size() + datagram.size()));
    header.ttl = hops;
    header.protocol = IPPROTO_UDP;
    // The header's own checksum is filled in by the kernel.
    std::memcpy(&header.saddr, raw_address(forgery.source).data(), sizeof header.saddr);
    std::memcpy(&header.daddr, raw_address(forgery.destination).data(), sizeof header.daddr);
    return std::string(reinterpret_cast<const char *>(&header), sizeof header) + options + datagram;
}

std::string packet_v6(const Forgery &forgery) {
    const auto datagram = datagram_of(forgery);
    ip6_hdr header{};
    header.ip6_vfc = 6U << 4U;
    header.ip6_plen = htons(static_cast<std::uint16_t>(datagram.size()));
    header.ip6_nxt = IPPROTO_UDP;
    header.ip6_hlim = hops;
    std::memcpy(&header.ip6_src, raw_address(forgery.source).data(), sizeof header.ip6_src);
    std::memcpy(&header.ip6_dst, raw_address(forgery.destination).data(), sizeof header.ip6_dst);
    return std::string(reinterpret_cast<const char *>(&header), sizeof header) + datagram;
}

} // namespace

Status forge(const Forgery &forgery) {
    const int family = forgery.destination.family();
    if (forgery.source.family() != family)
        return Error{EAFNOSUPPORT, "forge"};
    const Descriptor socket(::socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    if (!socket)
        return last_error("raw socket");
    (void)set_option(socket, SOL_SOCKET, SO_BROADCAST, 1);
    if (!forgery.interface.empty() &&
        ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, forgery.interface.c_str(),
                     static_cast<socklen_t>(forgery.interface.size())) != 0)
        return last_error("SO_BINDTODEVICE");
    const auto packet = family == AF_INET6 ? packet_v6(forgery) : packet_v4(forgery);
    sockaddr_storage to{};
    std::memcpy(&to, forgery.destination.data(), forgery.destination.size());
    if (family == AF_INET6) { // a port would have to name the protocol here
        sockaddr_in6 v6{};
        std::memcpy(&v6, &to, sizeof v6);
        v6.sin6_port = 0;
        std::memcpy(&to, &v6, sizeof v6);
    }
    const ssize_t n = ::sendto(socket.get(), packet.data(), packet.size(), 0,
                               reinterpret_cast<const sockaddr *>(&to), forgery.destination.size());
    if (n < 0)
        return last_error("forge");
    return Done{};
}

} // namespace kinetd::suite
