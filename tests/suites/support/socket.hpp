// SPDX-License-Identifier: GPL-2.0
/// \file
/// TCP sockets of the client side: connecting from a chosen source, sending and receiving before a
/// deadline, and the impolite ways to end.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "support/clock.hpp"
#include "support/result.hpp"

namespace kinetd::suite {

/// An IPv4 or IPv6 address and port.
class Endpoint {
public:
    Endpoint() = default;
    /// Throws where `address` is no literal. An IPv6 one may have a scope: fe80::1%lo.
    Endpoint(const std::string &address, std::uint16_t port);
    /// What a system call has filled in.
    explicit Endpoint(const sockaddr_storage &storage);

    [[nodiscard]] const sockaddr *data() const {
        return reinterpret_cast<const sockaddr *>(&storage_);
    }
    [[nodiscard]] socklen_t size() const { return size_; }
    [[nodiscard]] int family() const { return storage_.ss_family; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// The literal, without a scope.
    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::string text() const;

    /// The same address and port; scopes are not compared.
    bool operator==(const Endpoint &other) const {
        return port_ == other.port_ && address() == other.address();
    }

private:
    sockaddr_storage storage_{};
    socklen_t size_ = 0;
    std::uint16_t port_ = 0;
};

/// So that a failed comparison can be read.
void PrintTo(const Endpoint &endpoint, std::ostream *out);

struct ConnectOptions {
    std::optional<Endpoint> source{};
    int receive_buffer = 0; ///< SO_RCVBUF before connecting; 0 leaves it
    int send_buffer = 0;
    Milliseconds limit = patience(Milliseconds(10'000));
};

/// A connected, non-blocking socket with TCP_NODELAY.
Result<Descriptor> connect_to(const Endpoint &peer, const ConnectOptions &options = {});

/// A socket whose connect() has only been started.
Result<Descriptor> start_connect(const Endpoint &peer, const ConnectOptions &options = {});

/// A listening socket of the test's own, to take a port away.
Result<Descriptor> listen_on(const Endpoint &at, bool share_port = false);

/// poll() for one socket; false where the limit passed.
bool ready(const Descriptor &socket, short events, const Deadline &deadline);

/// Whether errno says that a non-blocking call is to be tried again.
bool would_block();

Status set_option(const Descriptor &socket, int level, int name, int value);

Status send_all(const Descriptor &socket, std::string_view bytes,
                Milliseconds limit = patience(Milliseconds(10'000)));

/// What is there, at least one byte; empty at end of stream.
Result<std::string> receive_some(const Descriptor &socket, std::size_t most,
                                 Milliseconds limit = patience(Milliseconds(10'000)));

/// Exactly `size` bytes; ENODATA where the stream ends before.
Result<std::string> receive_exactly(const Descriptor &socket, std::size_t size,
                                    Milliseconds limit = patience(Milliseconds(10'000)));

/// Everything up to the end of stream.
Result<std::string> receive_all(const Descriptor &socket,
                                Milliseconds limit = patience(Milliseconds(10'000)));

/// Sends one message and takes it back; an error where it does not come back equal.
Status round_trip(const Descriptor &socket, std::string_view message,
                  Milliseconds limit = patience(Milliseconds(10'000)));

/// How a connection ended, as its client sees it.
enum class Ending { open, finished, reset };

/// Throws away what arrives until the stream ends; Ending::open where the limit passes first.
Ending wait_for_end(const Descriptor &socket, Milliseconds limit);

Status half_close(const Descriptor &socket);

/// Closes with a RST instead of a FIN.
void reset(Descriptor &socket);

/// Closes without a word on the wire: the peer is left with a connection to nobody.
Status vanish(Descriptor &socket);

/// Sends without reading until nothing more is taken for `quiet`; the bytes taken.
/// Both directions are full then: the peer's send queue as well as its receive queue.
Result<std::uint64_t> fill(const Descriptor &socket, Milliseconds quiet = patience(seconds(1)));

Endpoint local_endpoint(const Descriptor &socket);
std::uint16_t local_port(const Descriptor &socket);

} // namespace kinetd::suite
