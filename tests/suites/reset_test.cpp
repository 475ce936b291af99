// SPDX-License-Identifier: GPL-2.0
/// \file
/// Clients that leave without a good-bye, at every stage of a connection's life.
#include "support/fixture.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

class Reset : public EchoTest {
protected:
    /// All that was done to the service is over, and it still serves.
    void expect_recovery() {
        expect_service(); // the last in the accept queue: those before it are through
        EXPECT_TRUE(service_.comes_to_rest())
            << service_.active() << " connections are left, " << service_.stat("connections_closed")
            << " of " << service_.stat("connections_accepted") << " are closed";
    }

    const std::size_t rounds_ = sized<std::size_t>(100, 40, 2000);
};

TEST_F(Reset, beforeTheAcceptance) {
    for (std::size_t i = 0; i < rounds_; i++) {
        auto socket = start_connect(at());
        ASSERT_TRUE(socket.ok()) << socket.text();
        reset(*socket);
    }
    expect_recovery();
}

TEST_F(Reset, afterConnecting) {
    for (std::size_t i = 0; i < rounds_; i++) {
        auto socket = client();
        reset(socket);
    }
    expect_recovery();
}

TEST_F(Reset, withARequestInFlight) {
    for (std::size_t i = 0; i < rounds_; i++) {
        auto socket = client();
        ASSERT_TRUE(send_all(socket, std::string(10'000, 'x')).ok());
        reset(socket);
    }
    expect_recovery();
}

TEST_F(Reset, inTheMiddleOfReceiving) {
    for (std::size_t i = 0; i < rounds_; i++) {
        auto socket = client();
        ASSERT_TRUE(send_all(socket, std::string(50'000, 'x')).ok());
        ASSERT_TRUE(receive_exactly(socket, 1).ok());
        reset(socket);
    }
    expect_recovery();
}

TEST_F(Reset, afterAHalfClose) {
    for (std::size_t i = 0; i < rounds_; i++) {
        auto socket = client();
        ASSERT_TRUE(send_all(socket, std::string(1 + i * 100, 'x')).ok());
        ASSERT_TRUE(half_close(socket).ok());
        reset(socket);
    }
    expect_recovery();
}

TEST_F(Reset, withFullQueues) {
    for (int i = 0; i < 10; i++) {
        auto socket = client({.receive_buffer = 4096, .send_buffer = 65536});
        ASSERT_TRUE(fill(socket, patience(Milliseconds(50))).ok());
        reset(socket);
    }
    expect_recovery();
}

TEST_F(Reset, byManyStreamsAtOnce) {
    {
        const Traffic traffic(at(), sized<std::size_t>(200, 50, 1000), Plan{.window = 1 << 20});
        ASSERT_TRUE(traffic.flows());
    } // closed with answers unread: each one is a reset
    expect_recovery();
}

TEST_F(Reset, leavesOthersAlone) {
    Traffic others(at(), 10);
    ASSERT_TRUE(others.flows());
    Churn churn(at(), Churn::Close::by_reset);
    Churn rude(at(), Churn::Close::unsent);
    EXPECT_TRUE(wait_for([&] { return churn.rounds() >= rounds_ && rude.rounds() >= rounds_; },
                         patience(seconds(30))));
    churn.stop();
    rude.stop();
    EXPECT_EQ(churn.failures(), 0U) << churn.first_failure();
    EXPECT_EQ(others.finish(), "");
    expect_recovery();
}

TEST_F(Reset, orNothingAtAll) {
    // The peer is gone without a packet. What the server sends into the void is answered by a
    // reset.
    auto socket = client();
    ASSERT_TRUE(round_trip(socket, "hello").ok());
    ASSERT_TRUE(send_all(socket, "are you").ok());
    const auto gone = vanish(socket);
    ASSERT_TRUE(gone.ok()) << gone.text();
    expect_service();
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

class Churning : public Reset, public testing::WithParamInterface<Churn::Close> {};

TEST_P(Churning, connectsAndVanishes) {
    Churn one(at(), GetParam());
    Churn two(at(), GetParam());
    const std::uint64_t wanted = sized<std::uint64_t>(1000, 80, 10'000);
    EXPECT_TRUE(
        wait_for([&] { return one.rounds() + two.rounds() >= wanted; }, patience(seconds(60))));
    one.stop();
    two.stop();
    EXPECT_EQ(one.failures(), 0U) << one.first_failure();
    EXPECT_EQ(two.failures(), 0U) << two.first_failure();
    expect_recovery();
}

INSTANTIATE_TEST_SUITE_P(how, Churning,
                         testing::Values(Churn::Close::politely, Churn::Close::by_reset,
                                         Churn::Close::unsent));

} // namespace
} // namespace kinetd::suite
