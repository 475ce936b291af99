// SPDX-License-Identifier: GPL-2.0
/// \file
/// Many clients of a datagram echo on a thread of their own, who check every answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "support/clock.hpp"
#include "support/datagram.hpp"
#include "support/socket.hpp"

namespace kinetd::suite {

struct DatagramPlan {
    std::size_t smallest = 16;  ///< sizes go from here, but no less than 16,
    std::size_t largest = 1400; ///< to here, by turns
    std::size_t window = 4;     ///< requests of one client without an answer
    /// How long to wait for the answer to the oldest request before it counts as lost.
    Milliseconds loss_after = patience(Milliseconds(1000));
};

/// What became of requests. `sent` is the sum of `answered`, `lost` and those still out.
struct DatagramTally {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t lost = 0;
    std::uint64_t refused = 0;    ///< ICMP errors met; the requests count as lost in time
    std::uint64_t duplicates = 0; ///< right answers to what had been answered, or given up
    std::uint64_t wrong = 0;      ///< answers that equal no request
};

class DatagramTraffic {
public:
    DatagramTraffic(const Endpoint &peer, std::size_t clients, const DatagramPlan &plan = {},
                    const DatagramOptions &options = {});
    ~DatagramTraffic();
    DatagramTraffic(const DatagramTraffic &) = delete;
    DatagramTraffic &operator=(const DatagramTraffic &) = delete;

    /// Waits for so many more answers.
    [[nodiscard]] bool flows(std::uint64_t answers = 200,
                             Milliseconds limit = patience(seconds(20))) const;

    /// Sends no more, waits for what is out. The text is empty where every request was answered
    /// once, and rightly.
    std::string finish();

    /// The same, but requests may have been lost: no answer was wrong.
    std::string end();

    [[nodiscard]] const DatagramTally &tally() const { return total_; } ///< after the end

private:
    struct Client {
        Descriptor socket;
        std::uint64_t next = 0;
        std::map<std::uint64_t, Clock::time_point> out{}; ///< without an answer yet
    };

    void work();
    bool turn(Client &client, std::uint32_t number, DatagramTally &tally) const;
    void take(Client &client, std::uint32_t number, DatagramTally &tally) const;
    [[nodiscard]] std::string request(std::uint32_t client, std::uint64_t number) const;
    void stop();
    [[nodiscard]] std::string describe() const;

    DatagramPlan plan_;
    std::vector<Client> clients_;
    DatagramTally total_;
    std::atomic<bool> finishing_ = false;
    std::atomic<bool> abandoning_ = false;
    std::atomic<std::uint64_t> answered_ = 0;
    std::thread thread_;
};

} // namespace kinetd::suite
