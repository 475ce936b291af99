// SPDX-License-Identifier: GPL-2.0
/// \file
/// UDP sockets of the client side: from a chosen address and port, one datagram at a time, many in
/// one call, or several cut by the kernel.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.hpp"
#include "support/clock.hpp"
#include "support/result.hpp"
#include "support/socket.hpp"

namespace kinetd::suite {

/// The most that an answer over IPv4 and over IPv6 can hold.
inline constexpr std::size_t largest_v4 = 65507;
inline constexpr std::size_t largest_v6 = 65487;

struct DatagramOptions {
    std::optional<Endpoint> source{}; ///< port 0 for any; ports below 1024 as well
    int receive_buffer = 0;           ///< SO_RCVBUF; 0 leaves it
    int send_buffer = 0;
    bool broadcast = false;
    bool share_address = false; ///< SO_REUSEADDR
    bool share_port = false;    ///< SO_REUSEPORT
    bool trains = false;        ///< UDP_GRO: several datagrams may be received as one
};

/// Non-blocking, bound where there is a source, and connected to nobody.
Result<Descriptor> datagram_socket(int family, const DatagramOptions &options = {});

/// Non-blocking and connected: takes datagrams from this peer only, and its ICMP errors.
Result<Descriptor> datagram_to(const Endpoint &peer, const DatagramOptions &options = {});

struct Datagram {
    std::string bytes;
    Endpoint from;
    std::size_t segment = 0; ///< of a train: the size of each but the last
};

/// To the peer of a connected socket.
Status send_datagram(const Descriptor &socket, std::string_view bytes);
Status send_datagram(const Descriptor &socket, const Endpoint &to, std::string_view bytes);

/// In one call, to be cut into datagrams of `segment` by the kernel.
Status send_train(const Descriptor &socket, std::string_view bytes, std::size_t segment);

/// Sends the same datagram up to `count` times in one call; how many of them were taken.
std::size_t send_burst(const Descriptor &socket, std::string_view bytes, std::size_t count);

/// The next one, or the socket's pending error; ETIMEDOUT where none comes.
Result<Datagram> receive_datagram(const Descriptor &socket,
                                  Milliseconds limit = patience(Milliseconds(10'000)));

/// What has arrived until now.
std::vector<Datagram> take_datagrams(const Descriptor &socket);

/// Sends a datagram and takes back an equal one; an error where anything else comes.
Status ask(const Descriptor &socket, std::string_view bytes,
           Milliseconds limit = patience(Milliseconds(10'000)));

/// The same with a socket that is connected to nobody: the answer comes from where it was sent to.
Status ask(const Descriptor &socket, const Endpoint &peer, std::string_view bytes,
           Milliseconds limit = patience(Milliseconds(10'000)));

/// Whether nothing, neither a datagram nor an error, has come to the socket.
bool is_silent(const Descriptor &socket);

} // namespace kinetd::suite
