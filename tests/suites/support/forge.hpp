// SPDX-License-Identifier: GPL-2.0
/// \file
/// UDP datagrams that no honest socket sends: of another's source, with a wrong checksum, with IP
/// options.
#pragma once

#include <string>

#include "support/result.hpp"
#include "support/socket.hpp"

namespace kinetd::suite {

struct Forgery {
    enum class Checksum { right, wrong, none };

    Endpoint source; ///< of the same family as the destination; port 0 is possible
    Endpoint destination;
    std::string payload = "forged";
    Checksum checksum = Checksum::right;
    std::string options{};    ///< of IPv4, padded to a multiple of four bytes
    std::string interface {}; ///< to leave by this one
};

/// Sends it by a raw socket. Whether the kernel lets it in again is its business: by the loopback
/// it asks nothing of a source, but for groups of IPv6.
Status forge(const Forgery &forgery);

} // namespace kinetd::suite
