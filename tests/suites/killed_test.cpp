// SPDX-License-Identifier: GPL-2.0
/// \file
/// Sockets of ours that an administrator ends behind our back, by ss -K.
#include <algorithm>
#include <cerrno>
#include <vector>

#include "support/command.hpp"
#include "support/cpu.hpp"
#include "support/datagram_fixture.hpp"
#include "support/fixture.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

/// Ends the sockets that `which` says; how many they were.
std::size_t kill_sockets(const std::string &which) {
    const auto lines = execute("ss -Hn -K " + which).output;
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

/// What the kernel needs for it where it is not built in.
void prepare_to_kill() {
    if (!has_program("ss"))
        GTEST_SKIP() << "there is no ss";
    for (const char *module : {"tcp_diag", "udp_diag"})
        (void)run_command(std::string("modprobe -q ") + module);
}

class Killed : public EchoTest {
protected:
    void SetUp() override {
        prepare_to_kill();
        if (!IsSkipped())
            EchoTest::SetUp();
    }
    [[nodiscard]] std::size_t kill(const std::string &state) const {
        return kill_sockets("-t state " + state + " sport = :" + std::to_string(port_));
    }
};

TEST_F(Killed, listenersAreSeenToBeDead) {
    const auto served = client();
    EXPECT_EQ(kill("listening"), 1U);
    EXPECT_EQ(service_.number("enabled"), 0U);
    EXPECT_EQ(connect_to(at()).code(), ECONNREFUSED);
    // Who is connected already is served.
    EXPECT_TRUE(round_trip(served, "still here?").ok());
    // To say how many may wait does not wake it: it would close for each that comes.
    EXPECT_TRUE(service_.set("backlog", 100).ok());
    EXPECT_EQ(service_.number("backlog"), 100U);
    EXPECT_EQ(service_.number("enabled"), 0U);
    EXPECT_EQ(connect_to(at()).code(), ECONNREFUSED);

    ASSERT_TRUE(service_.set("enabled", 1).ok());
    EXPECT_EQ(service_.number("enabled"), 1U);
    expect_service();
}

TEST_F(Killed, listenersMoveAndAreSwitchedOff) {
    for (int i = 0; i < sized(4, 2, 50); i++) {
        EXPECT_EQ(kill("listening"), 1U);
        if (i % 2 == 0) {
            ASSERT_TRUE(service_.set("address", i % 4 == 0 ? "0.0.0.0" : "127.0.0.1").ok());
        }
        ASSERT_TRUE(service_.set("enabled", 0).ok());
        ASSERT_TRUE(service_.set("enabled", 1).ok());
        expect_service();
    }
}

TEST_F(Killed, connectionsEndLikeAnyOther) {
    const auto sockets = clients(20);
    for (const auto &socket : sockets)
        ASSERT_TRUE(round_trip(socket, "there?").ok());
    EXPECT_EQ(kill("established"), 20U);
    for (const auto &socket : sockets)
        EXPECT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::reset);
    EXPECT_TRUE(service_.comes_to_rest());
    expect_service();
}

TEST_F(Killed, connectionsWithFullQueues) {
    std::vector<Descriptor> sockets = clients(4, {.receive_buffer = 4096});
    for (const auto &socket : sockets)
        ASSERT_TRUE(fill(socket, patience(Milliseconds(200))).ok());
    EXPECT_EQ(kill("established"), 4U);
    EXPECT_TRUE(service_.comes_to_rest());
    expect_service();
}

TEST_F(Killed, whoWaitsToBeAccepted) {
    const OnCpu here(0);
    ASSERT_NO_FATAL_FAILURE(hold_the_workers_back());
    std::size_t killed = 0;
    for (int i = 0; i < sized(6, 3, 100); i++) {
        // The worker has had no turn since, and finds a socket that was reset.
        const auto sockets = clients(4);
        if (i % 2 == 0) {
            (void)send_all(sockets.front(), "and has something to say");
        }
        killed += kill("established");
        EXPECT_TRUE(service_.comes_to_rest());
    }
    EXPECT_GT(killed, 0U);
    expect_service();
}

class KilledDatagrams : public UdpEchoTest {
protected:
    void SetUp() override {
        prepare_to_kill();
        if (!IsSkipped())
            UdpEchoTest::SetUp();
    }
};

TEST_F(KilledDatagrams, stayBoundAndAreServed) {
    for (int i = 0; i < sized(4, 2, 50); i++) {
        expect_service();
        EXPECT_GT(kill_sockets("-u -a sport = :" + std::to_string(port_)), 0U);
        expect_service();
        ASSERT_TRUE(service_.set("enabled", 0).ok());
        ASSERT_TRUE(service_.set("enabled", 1).ok());
    }
    expect_service();
}

} // namespace
} // namespace kinetd::suite
