// SPDX-License-Identifier: GPL-2.0
/// \file
/// The character generator over TCP (RFC 864): the pattern, byte for byte, at the pace of whoever
/// reads, until he goes.
#include <algorithm>
#include <set>

#include "support/chargen.hpp"
#include "support/fault.hpp"
#include "support/fixture.hpp"
#include "support/flood.hpp"
#include "support/health.hpp"

namespace kinetd::suite {
namespace {

constexpr Flood::Habits listens{.expects = is_chargen};

class Chargen : public ProtocolTest {
protected:
    explicit Chargen(std::string address = "127.0.0.1")
        : ProtocolTest(chargen_name, "tcp_chargen", std::move(address)) {}

    [[nodiscard]] Descriptor client(const ConnectOptions &options = {}) const {
        return connect_to(at(), options).value();
    }

    /// The stream goes on as it must from `offset`.
    static void expect_stream(const Descriptor &socket, std::uint64_t offset, std::size_t size) {
        const auto bytes = receive_exactly(socket, size);
        ASSERT_TRUE(bytes.ok()) << bytes.text();
        ASSERT_TRUE(is_chargen(offset, *bytes))
            << "after " << offset << ": " << bytes->substr(0, 80);
    }
    void expect_service() const { expect_stream(client(), 0, 1000); }

    /// Connections that never read, each with its queues full.
    [[nodiscard]] std::vector<Descriptor> deaf(std::size_t count) const {
        std::vector<Descriptor> sockets(count);
        for (auto &socket : sockets)
            socket = client({.receive_buffer = 4096});
        std::size_t full = 0;
        EXPECT_TRUE(wait_for([&] { return (full = count_blocked(sockets)) == count; },
                             patience(seconds(10))))
            << full << " of " << count << " wait for room";
        return sockets;
    }

    /// How many of these have a connection at the other end that waits for room.
    [[nodiscard]] static std::size_t count_blocked(const std::vector<Descriptor> &sockets) {
        std::set<std::string> peers;
        for (const auto &socket : sockets)
            peers.insert(":" + std::to_string(local_port(socket)) + " ");
        const auto lines = split(read_file("/sys/kernel/debug/kinetd/connections").value(), '\n');
        return static_cast<std::size_t>(
            std::count_if(lines.begin(), lines.end(), [&](const std::string &line) {
                return line.find(" blocked") != std::string::npos &&
                       std::any_of(peers.begin(), peers.end(), [&](const std::string &peer) {
                           return line.find(peer) != std::string::npos;
                       });
            }));
    }
};

TEST_F(Chargen, beginsWithTheFirstLineOfTheRing) {
    const auto line = receive_exactly(client(), chargen_line);
    ASSERT_TRUE(line.ok()) << line.text();
    EXPECT_EQ(*line,
              " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n");
}

TEST_F(Chargen, isTheRingOverAndOver) {
    const auto socket = client();
    std::uint64_t offset = 0;
    while (offset < sized<std::uint64_t>(300, 40, 10'000) * chargen_ring) {
        const auto bytes = receive_some(socket, 1 << 20);
        ASSERT_TRUE(bytes.ok()) << bytes.text();
        ASSERT_TRUE(is_chargen(offset, *bytes)) << "after " << offset;
        ASSERT_FALSE(bytes->empty());
        offset += bytes->size();
    }
    EXPECT_GE(service_.stat("bytes_sent"), offset);
}

TEST_F(Chargen, isTheSameToASlowReader) {
    // In odd little pieces, with windows that shut and open all the time.
    const auto socket = client({.receive_buffer = 4096});
    std::uint64_t offset = 0;
    while (offset < 5 * chargen_ring) {
        const auto bytes = receive_some(socket, 1 + offset % 997);
        ASSERT_TRUE(bytes.ok()) << bytes.text();
        ASSERT_TRUE(is_chargen(offset, *bytes)) << "after " << offset;
        ASSERT_FALSE(bytes->empty());
        offset += bytes->size();
    }
}

TEST_F(Chargen, isTheSameAfterAPause) {
    const auto sockets = deaf(10);
    for (const auto &socket : sockets)
        expect_stream(socket, 0, 20 * chargen_ring);
}

TEST_F(Chargen, toManyAtOnce) {
    Flood flood(at(), sized<std::size_t>(200, 50, 1000), listens);
    EXPECT_TRUE(flood.flows(sized<std::uint64_t>(32, 8, 512) << 20, patience(seconds(40))));
    EXPECT_EQ(flood.stop(), "");
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

TEST_F(Chargen, isFairToALateComer) {
    Flood flood(at(), 20, listens);
    ASSERT_TRUE(flood.flows());
    for (int i = 0; i < 20; i++)
        expect_service();
    EXPECT_EQ(flood.stop(), "");
}

TEST_F(Chargen, ignoresWhatItIsSent) {
    Flood flood(at(), 10, {.expects = is_chargen, .talks = true});
    EXPECT_TRUE(flood.flows(4 << 20));
    EXPECT_EQ(flood.stop(), "");
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_GT(service_.stat("bytes_received"), 0U);
}

TEST_F(Chargen, ignoresWhatItIsSentByWhoNeverReads) {
    // Its window is shut, ours is not: what it says goes on being taken.
    const auto sockets = deaf(1);
    const std::uint64_t mebibytes = sized(8U, 2U, 64U);
    for (std::uint64_t i = 0; i < mebibytes; i++)
        ASSERT_TRUE(send_all(sockets[0], std::string(1 << 20, 'x')).ok()) << i << " MiB";
    EXPECT_TRUE(service_.reaches("bytes_received", mebibytes << 20));
}

TEST_F(Chargen, goesOnAfterAHalfClose) {
    const auto socket = client();
    expect_stream(socket, 0, 100);
    ASSERT_TRUE(half_close(socket).ok());
    expect_stream(socket, 100, 100 * chargen_ring);
    EXPECT_EQ(service_.active(), 1U);
}

TEST_F(Chargen, goesOnAfterAHalfCloseAtOnce) {
    for (int i = 0; i < sized(30, 10, 300); i++) {
        const auto socket = start_connect(at());
        ASSERT_TRUE(socket.ok()) << socket.text();
        (void)half_close(*socket);
        ASSERT_TRUE(wait_for([&] { return receive_some(*socket, 1, Milliseconds(0)).ok(); },
                             patience(seconds(5))));
        expect_stream(*socket, 1, 10 * chargen_ring);
    }
}

TEST_F(Chargen, endsWhenTheClientGoes) {
    for (int i = 0; i < sized(20, 5, 200); i++) {
        auto polite = client();
        auto rude = client();
        expect_stream(polite, 0, 1000);
        expect_stream(rude, 0, 1000);
        reset(rude);
    }
    auto sockets = deaf(10);
    sockets.clear();
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

TEST_F(Chargen, doesNothingForWhoNeverReads) {
    auto sockets = deaf(sized<std::size_t>(200, 50, 1000));
    struct Spent {
        std::uint64_t switches = 0;
        std::uint64_t ticks = 0;
    };
    const auto spent = [] {
        Spent sum{.switches = worker_sleeps()};
        for (const auto &thread : worker_threads())
            sum.ticks += cpu_ticks(thread.pid);
        return sum;
    };
    const auto before = spent();
    const auto sent = service_.stat("bytes_sent");
    // Each is looked at four times in a send timeout of two minutes, and no more.
    (void)wait_for([&] { return spent().ticks > before.ticks + 20; }, seconds(2));
    const auto after = spent();
    EXPECT_LE(after.ticks - before.ticks, 5U);
    EXPECT_LE(after.switches - before.switches, sockets.size());
    EXPECT_EQ(service_.stat("bytes_sent"), sent);
}

TEST_F(Chargen, boundsWhatItQueues) {
    // A peer that does not read costs what the service's sockets may queue, however long it waits.
    const auto sockets = deaf(4);
    EXPECT_LT(service_.stat("bytes_sent"), sockets.size() * (1U << 20));
}

TEST_F(Chargen, obeysTheSendTimeout) {
    const auto sockets = deaf(5);
    Flood others(at(), 5, listens);
    ASSERT_TRUE(others.flows());
    // One that the others, who read as fast as they may, keep on a slow kernel, too.
    ASSERT_TRUE(service_.set("send_timeout_ms", patience(Milliseconds(700)).count()).ok());
    EXPECT_TRUE(service_.reaches("connections_timed_out", 5, patience(seconds(15))));
    for (const auto &socket : sockets)
        EXPECT_EQ(wait_for_end(socket, patience(seconds(5))), Ending::reset);
    EXPECT_TRUE(others.flows());
    EXPECT_EQ(others.stop(), "");
}

TEST_F(Chargen, obeysTheIdleTimeout) {
    // Who takes is not idle, though he never says a word.
    const auto limit = patience(Milliseconds(500));
    const auto sockets = deaf(1);
    ASSERT_TRUE(service_.set("idle_timeout_ms", limit.count()).ok());
    const auto reader = client();
    const Stopwatch watch;
    std::uint64_t offset = 0;
    while (watch.elapsed() < limit * 4) {
        const auto bytes = receive_some(reader, 65536);
        ASSERT_TRUE(bytes.ok()) << bytes.text() << " after " << watch.elapsed().count() << " ms";
        ASSERT_TRUE(is_chargen(offset, *bytes));
        ASSERT_FALSE(bytes->empty()) << "after " << watch.elapsed().count() << " ms";
        offset += bytes->size();
    }
    EXPECT_EQ(service_.stat("connections_timed_out"), 1U);
    EXPECT_EQ(service_.active(), 1U);
}

TEST_F(Chargen, obeysLimits) {
    ASSERT_TRUE(service_.set("max_connections", 1).ok());
    const auto first = client();
    expect_stream(first, 0, 1000);
    const auto second = connect_to(at());
    ASSERT_TRUE(second.ok());
    const auto nothing = receive_all(*second);
    ASSERT_TRUE(nothing.ok()) << nothing.text();
    EXPECT_EQ(*nothing, "");
    EXPECT_EQ(service_.stat("connections_refused"), 1U);
    expect_stream(first, 1000, chargen_ring);
}

TEST_F(Chargen, isUnloadedUnderStreams) {
    for (int i = 0; i < sized(5, 2, 200); i++) {
        Flood flood(at(), 20, listens);
        const auto sockets = deaf(5);
        ASSERT_TRUE(flood.flows()) << "turn " << i;
        const auto removal = unload();
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        EXPECT_EQ(flood.end(), "");
        load();
    }
    expect_service();
}

TEST_F(Chargen, isDisabledUnderStreams) {
    Flood flood(at(), 20, listens);
    const auto sockets = deaf(5);
    ASSERT_TRUE(flood.flows());
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_EQ(flood.end(), "");
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    expect_service();
}

TEST_F(Chargen, movesBetweenThreadsAndLosesNothing) {
    Flood flood(at(), 20, listens);
    ASSERT_TRUE(flood.flows());
    for (int i = 0; i < sized(20, 4, 200); i++) {
        ASSERT_TRUE(pool_.set("threads", 1 + i % 4).ok());
        ASSERT_TRUE(flood.flows(65536)) << "turn " << i;
    }
    EXPECT_EQ(flood.stop(), "");
}

TEST_F(Chargen, survivesFailedAllocations) {
    if (!can_inject())
        GTEST_SKIP() << "this kernel has no fault injection";
    const Injection injection;
    for (const int percent : {1, 10, 50}) {
        Shortage shortage(worker_threads(), percent);
        Flood flood(at(), 20, listens);
        (void)flood.flows(4 << 20, patience(seconds(1)));
        shortage.end();
        // When there is memory again, those that it still has go on: none is forgotten.
        if (service_.active() != 0) {
            EXPECT_TRUE(flood.flows(1 << 20, patience(seconds(10))))
                << "at " << percent << " %\n"
                << *read_file("/sys/kernel/debug/kinetd/connections");
        }
        EXPECT_EQ(flood.stop().find("came"), std::string::npos);
        EXPECT_TRUE(service_.reaches("connections_active", 0, patience(seconds(20))));
        expect_service();
    }
}

class ChargenV6 : public Chargen {
protected:
    ChargenV6() : Chargen("::") {}

    void SetUp() override {
        if (!has_ipv6())
            GTEST_SKIP() << "this kernel has no IPv6";
        Chargen::SetUp();
    }
};

TEST_F(ChargenV6, isTheSame) {
    expect_stream(connect_to(at("::1")).value(), 0, 10 * chargen_ring);
    expect_stream(connect_to(at("127.0.0.1")).value(), 0, 10 * chargen_ring);
}

} // namespace
} // namespace kinetd::suite
