// SPDX-License-Identifier: GPL-2.0
/// \file
/// Whole runs against a server in this process, which can be told to make a pause.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "base/descriptor.hpp"
#include "kinetload/run.hpp"

namespace kinetd::load {
namespace {

/// Sends back what it gets, or nothing, over TCP or UDP, on a port of its own.
class Server {
public:
    explicit Server(int type, bool answers = true)
        : type_(type), answers_(answers), socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof any;
        auto *address = reinterpret_cast<sockaddr *>(&any);
        EXPECT_EQ(::bind(socket_.get(), address, size), 0);
        EXPECT_TRUE(type == SOCK_DGRAM || ::listen(socket_.get(), 64) == 0);
        EXPECT_EQ(::getsockname(socket_.get(), address, &size), 0);
        port_ = ntohs(any.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() {
        ending_ = true;
        thread_.join();
    }
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    /// Once, before message number `message`, it does nothing for so long.
    void pause(std::uint64_t message, Nanoseconds time) {
        pause_time_ = time;
        pause_at_ = message;
    }

private:
    void serve() {
        std::vector<pollfd> entries{{socket_.get(), POLLIN, 0}};
        std::vector<Descriptor> connections;
        while (!ending_) {
            if (::poll(entries.data(), entries.size(), 10) <= 0)
                continue;
            for (std::size_t i = entries.size(); i-- > 0;)
                if (entries[i].revents != 0 && (i > 0 || type_ == SOCK_DGRAM))
                    answer(entries[i]);
            if (type_ == SOCK_STREAM && entries[0].revents != 0) {
                connections.emplace_back(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
                entries.push_back({connections.back().get(), POLLIN, 0});
            }
        }
    }

    void answer(pollfd &entry) {
        if (++messages_ == pause_at_)
            std::this_thread::sleep_for(std::chrono::nanoseconds(pause_time_));
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        auto *peer = reinterpret_cast<sockaddr *>(&from);
        const auto got = ::recvfrom(entry.fd, buffer_.data(), buffer_.size(), 0, peer, &size);
        if (got <= 0 && type_ == SOCK_STREAM)
            entry.fd = -1;
        else if (got > 0 && answers_)
            (void)::sendto(entry.fd, buffer_.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL,
                           type_ == SOCK_DGRAM ? peer : nullptr, type_ == SOCK_DGRAM ? size : 0);
    }

    int type_;
    bool answers_;
    Descriptor socket_;
    std::uint16_t port_ = 0;
    std::atomic<bool> ending_ = false;
    std::uint64_t messages_ = 0;
    std::atomic<std::uint64_t> pause_at_ = 0;
    std::atomic<Nanoseconds> pause_time_ = 0;
    std::array<char, 65536> buffer_{};
    std::thread thread_;
};

Summary run(const std::string &protocol, const Server &server, std::vector<std::string> more) {
    more.insert(more.begin(), {"kinetload", protocol, server.address(), "-q", "--timeout", "20s"});
    std::vector<const char *> words;
    std::transform(more.begin(), more.end(), std::back_inserter(words),
                   [](const std::string &word) { return word.c_str(); });
    const auto command = parse_command_line(static_cast<int>(words.size()), words.data());
    EXPECT_TRUE(command.options) << command.text;
    auto summary = Run(command.options.value_or(Options{})).execute();
    EXPECT_TRUE(summary) << summary.text();
    return summary ? std::move(*summary) : Summary{};
}

void expect_all(const Summary &summary, std::uint64_t messages) {
    EXPECT_EQ(summary.ledger.counts.sent, messages);
    EXPECT_EQ(summary.ledger.counts.answered, messages);
    EXPECT_EQ(summary.ledger.latency.total(), messages);
    EXPECT_FALSE(summary.trouble()) << summary.ledger.trouble;
    EXPECT_GT(summary.elapsed, 0U);
    EXPECT_GT(summary.cpu.client_seconds, 0);
}

TEST(LoadRun, streams) {
    const Server server(SOCK_STREAM);
    expect_all(run("tcp_echo", server, {"-n", "500", "-w", "0"}), 500);
    expect_all(run("tcp_echo", server, {"-n", "500", "-c", "5", "-t", "2"}), 500);
    expect_all(run("tcp_echo", server, {"-n", "500", "-c", "3", "--depth", "8"}), 500);
    expect_all(run("tcp_echo", server, {"-n", "50", "-s", "uniform:1-9000", "--spin"}), 50);
}

TEST(LoadRun, churn) {
    const Server server(SOCK_STREAM);
    const auto summary = run("tcp_echo", server, {"--churn", "-n", "100", "-c", "4", "-w", "0"});
    expect_all(summary, 100);
    EXPECT_EQ(summary.ledger.connect.total(), 100U);
}

TEST(LoadRun, datagrams) {
    const Server server(SOCK_DGRAM);
    expect_all(run("udp_echo", server, {"-n", "500", "-w", "0"}), 500);
    expect_all(run("udp_echo", server, {"-n", "500", "-c", "3", "--depth", "4", "-w", "0"}), 500);
    const Server sink(SOCK_DGRAM, false);
    expect_all(run("udp_discard", sink, {"-n", "1", "-w", "0"}), 1);
}

TEST(LoadRun, openLoopSendsWhatIsDue) {
    const Server server(SOCK_STREAM);
    const auto summary =
        run("tcp_echo", server, {"-r", "1000", "-c", "3", "-d", "300ms", "-w", "100ms"});
    const auto &counts = summary.ledger.counts;
    EXPECT_EQ(counts.sent + counts.unsent, 300U);
    EXPECT_EQ(counts.answered, counts.sent);
    EXPECT_EQ(summary.elapsed, 300 * millisecond);
}

/// The pause shows in one message of a closed loop, in all that were due meanwhile of an open one.
TEST(LoadRun, openLoopSeesAPauseInAllThatItHeldUp) {
    constexpr Nanoseconds pause = 300 * millisecond;
    Server closed(SOCK_STREAM);
    closed.pause(200, pause);
    const auto few = run("tcp_echo", closed, {"-n", "1000", "-w", "0"});
    EXPECT_GE(few.ledger.latency.max(), pause);
    EXPECT_LT(few.ledger.latency.percentile(99), pause / 2);

    Server open(SOCK_STREAM);
    open.pause(200, pause);
    const auto many = run("tcp_echo", open, {"-r", "1000", "-d", "1s", "-w", "0"});
    // 300 of 1000 were due in it, the first of them 300 ms before the answer, the last none.
    EXPECT_GE(many.ledger.latency.percentile(90), pause / 2);
    EXPECT_GE(many.ledger.latency.percentile(80), pause / 4);
    EXPECT_EQ(many.ledger.counts.sent + many.ledger.counts.unsent, 1000U);
}

/// With one message on its way at a time, what is due in the pause is sent after it, and late.
TEST(LoadRun, openLoopTimesFromWhenAMessageWasDue) {
    constexpr Nanoseconds pause = 300 * millisecond;
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        Server server(type);
        server.pause(200, pause);
        const auto held = run(type == SOCK_STREAM ? "tcp_echo" : "udp_echo", server,
                              {"-r", "1000", "--depth", "1", "-d", "1s", "-w", "0"});
        EXPECT_GE(held.ledger.latency.percentile(90), pause / 2) << type;
        EXPECT_GE(held.ledger.latency.percentile(80), pause / 4) << type;
        EXPECT_GE(held.ledger.lateness.percentile(90), pause / 2) << type;
        EXPECT_EQ(held.ledger.counts.sent + held.ledger.counts.unsent, 1000U) << type;
    }
}

/// What a pause to beyond the end held up was not sent, and that is said.
TEST(LoadRun, openLoopCountsWhatItNeverSent) {
    Server server(SOCK_STREAM);
    server.pause(100, 500 * millisecond);
    const auto cut =
        run("tcp_echo", server, {"-r", "1000", "--depth", "1", "-d", "300ms", "-w", "0"});
    EXPECT_GT(cut.ledger.counts.unsent, 0U);
    EXPECT_EQ(cut.ledger.counts.sent + cut.ledger.counts.unsent, 300U);
}

} // namespace
} // namespace kinetd::load
