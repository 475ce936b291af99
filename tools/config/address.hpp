// SPDX-License-Identifier: GPL-2.0
/// \file
/// Addresses and endpoints, and whether two of these get in each other's way.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kinetd::config {

/// An IPv4 or IPv6 address; an IPv4 one that is mapped into IPv6 is that IPv4 one, as in the
/// kernel.
class Address {
public:
    /// Nothing where `text` is no literal.
    static std::optional<Address> parse(const std::string &text);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_ipv6() const { return ipv6_; }
    /// Multicast, or IPv4's broadcast.
    [[nodiscard]] bool is_group() const;
    /// 0.0.0.0 or ::
    [[nodiscard]] bool is_any() const;

    /// Whether sockets that listen at these on one port would collide: `::` takes both families.
    [[nodiscard]] bool overlaps(const Address &other) const;

    bool operator==(const Address &) const = default;

private:
    bool ipv6_ = false;
    std::array<std::uint8_t, 16> bytes_{}; ///< of IPv4 the first four
};

/// Where a service listens.
struct Endpoint {
    bool udp = false;
    Address address{};
    std::uint16_t port = 0;

    [[nodiscard]] bool overlaps(const Endpoint &other) const {
        return udp == other.udp && port == other.port && address.overlaps(other.address);
    }
    /// "tcp port 7 on 127.0.0.1"
    [[nodiscard]] std::string text() const;
};

} // namespace kinetd::config
