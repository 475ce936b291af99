// SPDX-License-Identifier: GPL-2.0
/// \file
/// Daytime and time over TCP say one thing to whoever connects and end: what they have in common.
/// A client has the answer, whole, and then the end of the stream, whatever it does meanwhile.
#include "support/fault.hpp"
#include "support/fixture.hpp"
#include "support/flood.hpp"
#include "support/health.hpp"
#include "support/moment.hpp"
#include "support/wall_clock.hpp"

namespace kinetd::suite {
namespace {

struct Sayer {
    const char *name;
    const char *module;
    const char *protocol;
    std::string (*say)(std::time_t);
};

class Farewell : public ProtocolTest, public testing::WithParamInterface<Sayer> {
protected:
    Farewell() : ProtocolTest(GetParam().module, GetParam().protocol) {}

    [[nodiscard]] Descriptor client(const ConnectOptions &options = {}) const {
        return connect_to(at(), options).value();
    }

    /// One right answer up to the end of the stream. A reset that overtook either shows here as an
    /// error in place of it.
    static void expect_answer(const Descriptor &socket, std::time_t asked) {
        const auto answer = receive_all(socket);
        ASSERT_TRUE(answer.ok()) << answer.text();
        ASSERT_TRUE(was_said(*answer, GetParam().say, asked)) << *answer;
    }
    void expect_service() const {
        const auto asked = wall_time();
        expect_answer(client(), asked);
    }
};

TEST_P(Farewell, toWhoeverConnects) {
    for (int i = 0; i < sized(100, 20, 5000); i++)
        expect_service();
    const auto answers = service_.stat("connections_accepted");
    EXPECT_EQ(service_.stat("bytes_sent"), answers * GetParam().say(0).size());
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_EQ(service_.stat("errors"), 0U);
}

TEST_P(Farewell, overIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    for (const char *address : {"::", "::1"}) {
        ASSERT_TRUE(service_.set("address", address).ok());
        for (int i = 0; i < 10; i++) {
            const auto asked = wall_time();
            expect_answer(connect_to(at("::1")).value(), asked);
        }
    }
    EXPECT_TRUE(service_.comes_to_rest());
    EXPECT_EQ(service_.stat("bytes_sent"), 20 * GetParam().say(0).size());
    EXPECT_EQ(service_.stat("errors"), 0U);
}

TEST_P(Farewell, toManyAtOnce) {
    const auto asked = wall_time();
    std::vector<Descriptor> sockets(sized<std::size_t>(300, 100, 1000));
    for (auto &socket : sockets)
        socket = client();
    for (const auto &socket : sockets)
        expect_answer(socket, asked);
    sockets.clear();
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

TEST_P(Farewell, toWhoSpeaksBeforeHeIsHeard) {
    // The request is there, unread, before the server has seen the connection.
    for (int i = 0; i < sized(100, 20, 2000); i++) {
        const auto asked = wall_time();
        const auto socket = start_connect(at());
        ASSERT_TRUE(socket.ok()) << socket.text();
        (void)send_all(*socket, std::string(1 + i * 97 % 20'000, 'x'), Milliseconds(50));
        ASSERT_NO_FATAL_FAILURE(expect_answer(*socket, asked)) << "turn " << i;
    }
}

TEST_P(Farewell, toWhoDoesNotStopSpeaking) {
    // Data that comes when the answer is on its way must not make it a reset.
    const std::string block(16'384, 'x');
    for (int i = 0; i < sized(25, 8, 1000); i++) {
        const auto asked = wall_time();
        const auto socket = client();
        for (int j = 0; j < 20; j++)
            (void)::send(socket.get(), block.data(), block.size(), MSG_NOSIGNAL);
        ASSERT_NO_FATAL_FAILURE(expect_answer(socket, asked)) << "turn " << i;
    }
}

TEST_P(Farewell, toWhoHasFinishedAlready) {
    for (int i = 0; i < 50; i++) {
        const auto asked = wall_time();
        const auto socket = client();
        ASSERT_TRUE(send_all(socket, "now?\r\n").ok());
        ASSERT_TRUE(half_close(socket).ok());
        expect_answer(socket, asked);
    }
}

TEST_P(Farewell, doesNotWaitForTheClientsEnd) {
    // The client keeps its side open: that costs the server nothing.
    const auto asked = wall_time();
    const auto socket = client();
    expect_answer(socket, asked);
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_TRUE(service_.reaches("connections_closed", 1));
}

TEST_P(Farewell, toWhoResets) {
    for (int i = 0; i < 100; i++) {
        auto socket = start_connect(at());
        ASSERT_TRUE(socket.ok()) << socket.text();
        reset(*socket);
    }
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    expect_service();
}

TEST_P(Farewell, obeysLimits) {
    ASSERT_TRUE(service_.set("max_per_source", 1).ok());
    // Each is gone again at once, so the limit is never in the way of one after the other.
    for (int i = 0; i < 20; i++) {
        expect_service();
        ASSERT_TRUE(service_.reaches("connections_active", 0));
    }
    EXPECT_EQ(service_.stat("connections_refused"), 0U);
    EXPECT_EQ(service_.stat("connections_accepted"), 20U);
}

TEST_P(Farewell, amongUnloads) {
    for (int i = 0; i < sized(20, 4, 200); i++) {
        const auto asked = wall_time();
        std::vector<Descriptor> sockets(20);
        for (auto &socket : sockets)
            socket = client();
        // In the other turns it may go before it has accepted anybody.
        if (i % 2 != 0) {
            ASSERT_TRUE(wait_for([this] { return service_.stat("bytes_sent") > 0; },
                                 patience(seconds(10))));
        }
        const auto said = service_.stat("bytes_sent") / GetParam().say(0).size();
        const auto removal = unload();
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        // Who was answered has the answer, whole; who was not accepted is turned away.
        std::uint64_t heard = 0;
        for (const auto &socket : sockets) {
            const auto answer = receive_all(socket);
            if (answer && !answer->empty()) {
                EXPECT_TRUE(was_said(*answer, GetParam().say, asked)) << *answer;
                heard++;
            }
        }
        EXPECT_GE(heard, said) << "turn " << i;
        load();
    }
    expect_service();
}

TEST_P(Farewell, survivesFailedAllocations) {
    if (!can_inject())
        GTEST_SKIP() << "this kernel has no fault injection";
    const Injection injection;
    for (const int percent : {1, 10, 50}) {
        Shortage shortage(worker_threads(), percent);
        const auto asked = wall_time();
        for (int i = 0; i < sized(50, 15, 500); i++) {
            const auto socket = connect_to(at(), {.limit = seconds(2)});
            if (!socket)
                continue;
            // It may be reset for want of memory, but never has a wrong or half an answer.
            const auto answer = receive_all(*socket, Milliseconds(200));
            if (answer && !answer->empty()) {
                EXPECT_TRUE(was_said(*answer, GetParam().say, asked)) << *answer;
            }
        }
        shortage.end();
        EXPECT_TRUE(service_.reaches("connections_active", 0, patience(seconds(20))))
            << *read_file("/sys/kernel/debug/kinetd/connections");
        expect_service();
    }
}

INSTANTIATE_TEST_SUITE_P(Tcp, Farewell,
                         testing::Values(Sayer{"daytime", daytime_name, "tcp_daytime",
                                               daytime_line},
                                         Sayer{"time", time_name, "tcp_time", time_word}),
                         [](const auto &sayer) { return sayer.param.name; });

} // namespace
} // namespace kinetd::suite
