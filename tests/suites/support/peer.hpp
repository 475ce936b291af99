// SPDX-License-Identifier: GPL-2.0
/// \file
/// Servers of the test's own, on a thread each, that treat what they receive as they are told.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/descriptor.hpp"
#include "support/socket.hpp"

namespace kinetd::suite {

/// A thread that serves one descriptor, and others that come of it, until the object goes.
class Peer {
public:
    Peer(const Peer &) = delete;
    Peer &operator=(const Peer &) = delete;

    /// How often something arrived.
    [[nodiscard]] std::uint64_t heard() const { return heard_; }

protected:
    Peer();
    ~Peer();

    /// Has `serve` called, on the thread, whenever there is something to read in the descriptor.
    void begin(Descriptor socket, std::function<void(const Descriptor &)> serve);
    void count() { heard_++; }
    void end();

private:
    void work(const std::function<void(const Descriptor &)> &serve);

    Descriptor socket_;
    Descriptor wake_;
    std::atomic<std::uint64_t> heard_ = 0;
    std::thread thread_;
};

/// TCP. `answer` is given what has arrived and says what to send; nothing at all ends the
/// connection.
class StreamPeer : public Peer {
public:
    using Answer = std::function<std::optional<std::string>(std::string_view)>;

    StreamPeer(const Endpoint &at, Answer answer);
    ~StreamPeer() { end(); }

    static std::optional<std::string> echo(std::string_view bytes) { return std::string(bytes); }
    static std::optional<std::string> silence(std::string_view /*bytes*/) { return std::string(); }

private:
    void serve(const Descriptor &epoll);
    void answer(std::size_t which);

    Answer answer_;
    Descriptor listener_;
    std::vector<Descriptor> connections_;
};

/// UDP. `answer` is given a datagram and says which to send to where it came from.
class DatagramPeer : public Peer {
public:
    using Answer = std::function<std::vector<std::string>(std::string)>;

    DatagramPeer(const Endpoint &at, Answer answer);
    ~DatagramPeer() { end(); }

    static std::vector<std::string> echo(std::string bytes) { return {std::move(bytes)}; }
    static std::vector<std::string> silence(const std::string & /*bytes*/) { return {}; }

private:
    void serve(const Descriptor &socket);

    Answer answer_;
};

} // namespace kinetd::suite
