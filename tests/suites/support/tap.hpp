// SPDX-License-Identifier: GPL-2.0
/// \file
/// What a sniffer sees of UDP, or of another protocol, over IPv4 on an interface. While it looks,
/// the kernel shares every packet with it.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/descriptor.hpp"

namespace kinetd::suite {

class Tap {
public:
    /// Throws where the interface cannot be listened to.
    explicit Tap(const std::string &interface = "lo", int protocol = IPPROTO_UDP);

    /// Of another protocol than UDP the whole is payload.
    struct Packet {
        std::uint16_t source_port;
        std::uint16_t destination_port;
        std::string payload;
    };

    /// The whole packets that have come by since the last call, each once.
    [[nodiscard]] std::vector<Packet> take() const;

private:
    Descriptor socket_;
    int protocol_;
};

} // namespace kinetd::suite
