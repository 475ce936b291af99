// SPDX-License-Identifier: GPL-2.0
/// \file
/// Discard over TCP (RFC 863): takes everything, counts it, and never answers.
#include "support/fault.hpp"
#include "support/fixture.hpp"
#include "support/flood.hpp"
#include "support/health.hpp"
#include "support/tcp_info.hpp"

namespace kinetd::suite {
namespace {

constexpr Flood::Habits talks{.talks = true};

class Discard : public ProtocolTest {
protected:
    Discard() : ProtocolTest(discard_name, "tcp_discard") {}

    [[nodiscard]] Descriptor client(const ConnectOptions &options = {}) const {
        return connect_to(at(), options).value();
    }

    /// A fresh client can say something, and gets the end of the stream for it.
    void expect_service() const {
        const auto socket = connect_to(at());
        ASSERT_TRUE(socket.ok()) << socket.text();
        ASSERT_TRUE(send_all(*socket, "into the void").ok());
        expect_silent_end(*socket);
    }

    static void expect_silent_end(const Descriptor &socket) {
        ASSERT_TRUE(half_close(socket).ok());
        const auto answer = receive_all(socket);
        ASSERT_TRUE(answer.ok()) << answer.text();
        EXPECT_EQ(*answer, "");
    }
};

TEST_F(Discard, nothingAtAll) {
    expect_silent_end(client());
    EXPECT_EQ(service_.stat("bytes_received"), 0U);
}

TEST_F(Discard, countsEveryByte) {
    std::uint64_t total = 0;
    for (const std::size_t size : {1, 2, 1447, 1448, 1449, 65535, 65536, 65537, 1'000'003}) {
        const auto socket = client();
        ASSERT_TRUE(send_all(socket, std::string(size, '\0')).ok());
        expect_silent_end(socket);
        total += size;
        // The end of the stream comes after all that came before it was counted.
        EXPECT_EQ(service_.stat("bytes_received"), total);
    }
    EXPECT_EQ(service_.stat("bytes_sent"), 0U);
}

TEST_F(Discard, countsEveryByteOfManyAtOnce) {
    Flood flood(at(), 50, talks);
    ASSERT_TRUE(flood.flows(sized<std::uint64_t>(32, 8, 256) << 20));
    EXPECT_EQ(flood.finish(), "");
    EXPECT_EQ(service_.stat("bytes_received"), flood.sent());
    EXPECT_EQ(service_.stat("bytes_sent"), 0U);
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

TEST_F(Discard, overIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    for (const char *address : {"::", "::1"}) {
        ASSERT_TRUE(service_.set("address", address).ok());
        const auto before = service_.stat("bytes_received");
        const auto socket = connect_to(at("::1")).value();
        ASSERT_TRUE(send_all(socket, std::string(200'003, '6')).ok());
        expect_silent_end(socket);
        EXPECT_EQ(service_.stat("bytes_received"), before + 200'003);
    }
    EXPECT_EQ(service_.stat("bytes_sent"), 0U);
}

TEST_F(Discard, neverAnswers) {
    const auto socket = client();
    for (int i = 0; i < 20; i++)
        ASSERT_TRUE(send_all(socket, "are you there?\r\n").ok());
    EXPECT_EQ(receive_some(socket, 1, Milliseconds(300)).code(), ETIMEDOUT);
    expect_silent_end(socket);
}

TEST_F(Discard, leavesNothingWaiting) {
    // What was taken is gone: the window is as it was, whatever has passed through it.
    const auto socket = client({.send_buffer = 65536});
    const std::string block(1 << 20, 'x');
    const std::uint32_t window = info_of(socket).tcpi_snd_wnd;
    for (int i = 0; i < 8; i++) {
        ASSERT_TRUE(send_all(socket, block).ok());
        ASSERT_TRUE(
            wait_for([&] { return info_of(socket).tcpi_unacked == 0; }, patience(seconds(5))));
        ASSERT_TRUE(
            wait_for([&] { return info_of(socket).tcpi_snd_wnd >= window; }, patience(seconds(5))))
            << info_of(socket).tcpi_snd_wnd << " of " << window;
    }
    EXPECT_TRUE(service_.reaches("bytes_received", 8 * block.size()));
}

TEST_F(Discard, takesUrgentBytesLikeOthers) {
    const auto socket = client();
    for (int i = 0; i < 10; i++) {
        ASSERT_EQ(::send(socket.get(), "!", 1, MSG_OOB | MSG_NOSIGNAL), 1);
        ASSERT_TRUE(send_all(socket, "ordinary").ok());
    }
    expect_silent_end(socket);
}

TEST_F(Discard, takesAReset) {
    for (int i = 0; i < 50; i++) {
        auto socket = client();
        ASSERT_TRUE(send_all(socket, std::string(10'000, 'x')).ok());
        reset(socket);
    }
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    expect_service();
}

TEST_F(Discard, obeysLimits) {
    ASSERT_TRUE(service_.set("max_connections", 1).ok());
    const auto first = client();
    ASSERT_TRUE(service_.reaches("connections_active", 1));
    const auto second = connect_to(at());
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(wait_for_end(*second, patience(seconds(5))), Ending::finished);
    EXPECT_EQ(service_.stat("connections_refused"), 1U);
    expect_silent_end(first);
}

TEST_F(Discard, obeysTheIdleTimeout) {
    const auto limit = patience(Milliseconds(500));
    ASSERT_TRUE(service_.set("idle_timeout_ms", limit.count()).ok());
    const auto idle = client();
    const auto busy = client();
    const Stopwatch watch;
    while (watch.elapsed() < limit * 3) {
        ASSERT_TRUE(send_all(busy, "x").ok()) << "after " << watch.elapsed().count() << " ms";
        ASSERT_EQ(receive_some(busy, 1, limit / 20).code(), ETIMEDOUT);
    }
    EXPECT_EQ(wait_for_end(idle, patience(seconds(5))), Ending::finished);
    EXPECT_EQ(service_.stat("connections_timed_out"), 1U);
    EXPECT_EQ(service_.active(), 1U);
}

TEST_F(Discard, isUnloadedUnderStreams) {
    for (int i = 0; i < sized(10, 2, 200); i++) {
        Flood flood(at(), 20, talks);
        ASSERT_TRUE(flood.flows()) << "turn " << i;
        const auto removal = unload();
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        EXPECT_EQ(flood.end(), "");
        load();
    }
    expect_service();
}

TEST_F(Discard, isDisabledUnderStreams) {
    Flood flood(at(), 20, talks);
    ASSERT_TRUE(flood.flows());
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_EQ(flood.end(), "");
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    expect_service();
}

TEST_F(Discard, survivesFailedAllocations) {
    if (!can_inject())
        GTEST_SKIP() << "this kernel has no fault injection";
    const Injection injection;
    for (const int percent : {1, 10, 50}) {
        Shortage shortage(worker_threads(), percent);
        Flood flood(at(), 20, talks);
        (void)flood.flows(4 << 20, patience(seconds(1)));
        shortage.end();
        EXPECT_EQ(flood.stop().find("came"), std::string::npos);
        EXPECT_TRUE(service_.reaches("connections_active", 0, patience(seconds(20))));
        expect_service();
    }
    EXPECT_EQ(service_.stat("bytes_sent"), 0U);
}

} // namespace
} // namespace kinetd::suite
