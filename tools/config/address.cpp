// SPDX-License-Identifier: GPL-2.0
#include "config/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

namespace kinetd::config {

namespace {

constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

} // namespace

std::optional<Address> Address::parse(const std::string &text) {
    Address address;
    if (text.find('\0') != std::string::npos)
        return std::nullopt;
    if (::inet_pton(AF_INET, text.c_str(), address.bytes_.data()) == 1)
        return address;
    if (::inet_pton(AF_INET6, text.c_str(), address.bytes_.data()) != 1)
        return std::nullopt;
    address.ipv6_ = true;
    if (std::equal(mapped.begin(), mapped.end(), address.bytes_.begin())) {
        Address inner;
        std::copy(address.bytes_.begin() + mapped.size(), address.bytes_.end(),
                  inner.bytes_.begin());
        return inner;
    }
    return address;
}

std::string Address::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    return ::inet_ntop(ipv6_ ? AF_INET6 : AF_INET, bytes_.data(), buffer.data(), buffer.size());
}

bool Address::is_group() const {
    if (ipv6_)
        return bytes_[0] == 0xff;
    const bool broadcast = std::all_of(bytes_.begin(), bytes_.begin() + 4,
                                       [](std::uint8_t byte) { return byte == 0xff; });
    return (bytes_[0] & 0xf0) == 0xe0 || broadcast;
}

bool Address::is_any() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool Address::overlaps(const Address &other) const {
    if (*this == other || (ipv6_ && is_any()) || (other.ipv6_ && other.is_any()))
        return true;
    return !ipv6_ && !other.ipv6_ && (is_any() || other.is_any());
}

std::string Endpoint::text() const {
    return fmt::format("{} port {} on {}", udp ? "udp" : "tcp", port, address.text());
}

} // namespace kinetd::config
