// SPDX-License-Identifier: GPL-2.0
/// \file
/// Many echo connections on one epoll, in the foreground or on a thread of their own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/clock.hpp"
#include "support/result.hpp"
#include "support/socket.hpp"
#include "support/stream.hpp"

namespace kinetd::suite {

/// A set of streams, driven by whoever calls turn().
class Crowd {
public:
    Crowd();

    /// Connects `count` streams.
    Status add(const Endpoint &peer, std::size_t count, const Plan &plan,
               const ConnectOptions &options = {});

    /// Waits at most `limit` for events and serves them.
    void turn(Milliseconds limit);

    /// Runs until no stream is left running; false where the limit passed first.
    bool run(Milliseconds limit);

    /// Runs until each stream has ended or has everything back; false where the limit passed first.
    bool run_until_back(Milliseconds limit);

    void finish();

    [[nodiscard]] std::size_t size() const { return streams_.size(); }
    [[nodiscard]] std::size_t count(State state) const;
    [[nodiscard]] std::uint64_t received() const;
    [[nodiscard]] std::uint64_t sent() const;
    [[nodiscard]] bool hashes_agree() const;
    /// The first stream in this state, in words; empty where there is none.
    [[nodiscard]] std::string first(State wanted) const;
    /// The first stream in another state than `wanted`, in words; empty where there is none.
    [[nodiscard]] std::string first_not(State wanted) const;

private:
    void advance(Stream &stream);
    [[nodiscard]] std::string describe(std::size_t which) const;

    Descriptor epoll_;
    std::vector<std::unique_ptr<Stream>> streams_;
    std::vector<Stream *> eager_; ///< stopped for fairness, no event will come for them
    std::size_t running_ = 0;
};

/// A crowd that streams on a thread of its own from construction until finish() or end().
class Traffic {
public:
    Traffic(const Endpoint &peer, std::size_t count, const Plan &plan = {},
            const ConnectOptions &options = {});
    ~Traffic();
    Traffic(const Traffic &) = delete;
    Traffic &operator=(const Traffic &) = delete;

    /// Waits until every byte counted from here, `bytes` of them, has come back.
    [[nodiscard]] bool flows(std::uint64_t bytes = sized<std::uint64_t>(1 << 18, 1 << 16, 1 << 18),
                             Milliseconds limit = patience(seconds(20))) const;

    /// Stops sending, takes everything back and expects the ends of the streams. The text is empty
    /// where each stream was complete, else it says what was lost.
    std::string finish(Milliseconds limit = patience(seconds(30)));

    /// Waits until the server has ended every stream. The text is empty where all ended and no
    /// wrong byte came, else it says what happened.
    std::string end(Milliseconds limit = patience(seconds(30)));

    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t sent() const { return crowd_.sent(); }

private:
    void work();
    bool settle(Milliseconds limit);

    Crowd crowd_;
    std::atomic<bool> finishing_ = false;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> idle_ = false;
    std::atomic<std::uint64_t> received_ = 0;
    std::thread thread_;
};

/// Connects, echoes a little, and closes, over and over, on a thread of its own.
class Churn {
public:
    enum class Close { politely, by_reset, unsent };

    Churn(const Endpoint &peer, Close how, const ConnectOptions &options = {});
    ~Churn();
    Churn(const Churn &) = delete;
    Churn &operator=(const Churn &) = delete;

    /// Rounds that worked so far.
    [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
    [[nodiscard]] std::uint64_t failures() const { return failures_; }
    [[nodiscard]] std::string first_failure() const;
    void stop();

private:
    void work();
    Status round(std::uint64_t number);

    Endpoint peer_;
    Close how_;
    ConnectOptions options_;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::uint64_t> rounds_ = 0;
    std::atomic<std::uint64_t> failures_ = 0;
    mutable std::mutex mutex_;
    std::string first_failure_;
    std::thread thread_;
};

} // namespace kinetd::suite
