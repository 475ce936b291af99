// SPDX-License-Identifier: GPL-2.0
/// \file
/// What a sniffer sees of UDP over IPv4 on an interface. While it looks, the kernel shares every
/// packet with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/descriptor.hpp"

namespace kinetd::suite {

class Tap {
public:
    /// Throws where the interface cannot be listened to.
    explicit Tap(const std::string &interface = "lo");

    struct Packet {
        std::uint16_t source_port;
        std::uint16_t destination_port;
        std::string payload;
    };

    /// The whole datagrams that have come by since the last call, each once.
    [[nodiscard]] std::vector<Packet> take() const;

private:
    Descriptor socket_;
};

} // namespace kinetd::suite
