// SPDX-License-Identifier: GPL-2.0
/// \file
/// Connections that flow in one direction: their clients send without end, or take without end, on
/// a thread of their own, and every byte that arrives is checked.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/clock.hpp"
#include "support/socket.hpp"

namespace kinetd::suite {

class Flood {
public:
    struct Habits {
        /// Whether these bytes may arrive at this offset of a stream; none where nothing may.
        bool (*expects)(std::uint64_t offset, std::string_view bytes) = nullptr;
        bool talks = false;            ///< sends as much as is taken
        std::size_t read_size = 65536; ///< the largest single receive
        Milliseconds pace{0};          ///< between turns, to leave others the CPU
    };

    Flood(const Endpoint &peer, std::size_t count, const Habits &habits,
          const ConnectOptions &options = {});
    ~Flood();
    Flood(const Flood &) = delete;
    Flood &operator=(const Flood &) = delete;

    /// Waits until so many bytes more have gone in the direction that this flood has.
    [[nodiscard]] bool flows(std::uint64_t bytes = 1 << 18,
                             Milliseconds limit = patience(seconds(20))) const;

    /// Waits until the server has ended every stream. The text is empty where all ended and none
    /// brought a byte that was wrong, else it says what happened.
    std::string end(Milliseconds limit = patience(seconds(30)));

    /// Ends the thread and closes from this side. The text is empty where nothing was wrong and the
    /// server had ended none.
    std::string stop();

    /// Stops sending and waits for the server's end. The text is as that of end().
    std::string finish(Milliseconds limit = patience(seconds(30)));

    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }

private:
    struct Stream {
        Descriptor socket;
        std::uint64_t received = 0;
        std::string wrong{}; ///< what came that should not have
        bool half_closed = false;
    };

    void work();
    void turn();
    void receive(Stream &stream);
    void send(Stream &stream);
    void join();
    [[nodiscard]] std::size_t open() const;
    [[nodiscard]] std::string first_wrong() const;

    Habits habits_;
    std::vector<Stream> streams_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> finishing_ = false;
    std::atomic<bool> idle_ = false;
    std::atomic<std::uint64_t> received_ = 0;
    std::atomic<std::uint64_t> sent_ = 0;
    std::thread thread_;
};

} // namespace kinetd::suite
