// SPDX-License-Identifier: GPL-2.0
/// \file
/// One echo connection that sends a pattern and checks every byte that comes back, in order.
#pragma once

#include <cstdint>
#include <string>

#include "base/descriptor.hpp"
#include "support/environment.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {

/// What a connection is to do.
struct Plan {
    static constexpr std::uint64_t endless = ~std::uint64_t{0};

    std::uint64_t bytes = endless; ///< how much to send in all
    /// The largest single send.
    std::size_t segment = sized<std::size_t>(16384, 4096, 16384);
    /// The most that may be out and not back yet: of many streams a debug kernel takes seconds for
    /// more.
    std::uint64_t window = sized<std::uint64_t>(262144, 32768, 262144);
    std::size_t read_size = 65536; ///< the largest single receive
    bool hashed = false;           ///< also hash both directions
    bool wrong = false;            ///< expect what was not sent, to see that it shows
};

enum class State {
    running,
    complete, ///< all sent, all back, then end of stream
    cut,      ///< ended early, by FIN or RST; what had come was right
    corrupt,  ///< a wrong byte
};

class Stream {
public:
    Stream(Descriptor socket, const Plan &plan, std::uint64_t seed);

    /// Goes on until the socket has nothing more to give or take; true where it stopped earlier, to
    /// be fair to others, and wants another turn.
    bool advance();

    /// Sends no more: what is out must still come back, then the stream ends.
    void finish();

    /// Whether nothing is missing any more but the end of the stream.
    [[nodiscard]] bool is_back() const { return received_ == plan_.bytes; }
    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::string describe() const;
    [[nodiscard]] bool hashes_agree() const;

private:
    bool send();
    bool receive();
    void end(State state, int error);

    Descriptor socket_;
    Plan plan_;
    Pattern pattern_;
    Pattern expected_;
    Hash sent_hash_;
    Hash received_hash_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    bool half_closed_ = false;
    State state_ = State::running;
    int error_ = 0;
};

} // namespace kinetd::suite
