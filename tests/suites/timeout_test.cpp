// SPDX-License-Identifier: GPL-2.0
/// \file
/// Connections that do nothing, and those that take nothing, end when their time is up.
#include "support/fixture.hpp"
#include "support/health.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

using Timeout = EchoTest;

TEST_F(Timeout, hasDefaults) {
    EXPECT_EQ(service_.number("idle_timeout_ms"), 0U);
    EXPECT_EQ(service_.number("send_timeout_ms"), 120'000U);
}

TEST_F(Timeout, endsAnIdleConnection) {
    const auto limit = patience(Milliseconds(300));
    ASSERT_TRUE(service_.set("idle_timeout_ms", limit.count()).ok());
    auto socket = client();
    ASSERT_TRUE(round_trip(socket, "hello").ok());
    const Stopwatch watch;
    EXPECT_EQ(wait_for_end(socket, patience(seconds(5))), Ending::finished);
    EXPECT_GE(watch.elapsed(), limit * 5 / 6);
    EXPECT_TRUE(service_.reaches("connections_timed_out", 1));
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_EQ(service_.stat("connections_closed"), 1U);
}

TEST_F(Timeout, ofIdlenessIsAsLongAsItSays) {
    const auto limit = patience(Milliseconds(1000));
    ASSERT_TRUE(service_.set("idle_timeout_ms", limit.count()).ok());
    const auto lasts = [&] {
        const auto socket = client();
        EXPECT_TRUE(round_trip(socket, "x").ok());
        const Stopwatch watch;
        EXPECT_EQ(wait_for_end(socket, limit * 3), Ending::finished);
        const auto lasted = watch.elapsed();
        EXPECT_GE(lasted, limit * 9 / 10);
        return lasted < limit * 3 / 2;
    };
    // While a guest's CPUs are stopped nobody ends anything.
    EXPECT_TRUE(wait_for([&] { return HasFailure() || lasts(); }, 10 * limit));
}

TEST_F(Timeout, ofIdlenessDoesNotWakeTheThreadsForWhoIsFinishing) {
    // All is sent and the end announced, and the peer takes nothing: only the send timeout ends it,
    // and until then nobody has anything to do.
    auto socket = client({.receive_buffer = 4096, .send_buffer = 16384});
    ASSERT_TRUE(fill(socket, patience(Milliseconds(50))).ok());
    ASSERT_TRUE(half_close(socket).ok());
    // Only now: filling may take longer than that.
    ASSERT_TRUE(service_.set("idle_timeout_ms", 300).ok());
    (void)wait_for([&] { return service_.stat("connections_timed_out") != 0; },
                   patience(Milliseconds(500)));
    const auto before = worker_sleeps();
    EXPECT_FALSE(wait_for([&] { return worker_sleeps() > before + 60; }, seconds(2)))
        << worker_sleeps() - before << " times in two seconds";
}

TEST_F(Timeout, endsAConnectionThatNeverSaidAnything) {
    ASSERT_TRUE(service_.set("idle_timeout_ms", 300).ok());
    auto socket = client();
    EXPECT_EQ(wait_for_end(socket, patience(seconds(5))), Ending::finished);
    EXPECT_TRUE(service_.reaches("connections_timed_out", 1));
}

TEST_F(Timeout, sparesABusyConnection) {
    const auto limit = patience(Milliseconds(600));
    ASSERT_TRUE(service_.set("idle_timeout_ms", limit.count()).ok());
    auto idle = client();
    auto busy = client();
    // The busy one speaks, often, until the idle one is gone and then some.
    const Stopwatch watch;
    bool ended = false;
    while (!ended || watch.elapsed() < limit * 2) {
        ASSERT_TRUE(round_trip(busy, "x").ok()) << "after " << watch.elapsed().count() << " ms";
        ASSERT_LT(watch.elapsed(), patience(seconds(10)));
        ended = ended || wait_for_end(idle, limit / 20) == Ending::finished;
        if (ended)
            (void)receive_some(busy, 1, limit / 20);
    }
    EXPECT_EQ(service_.stat("connections_timed_out"), 1U);
    EXPECT_EQ(service_.active(), 1U);
}

TEST_F(Timeout, appliesToConnectionsThatAreAlreadyThere) {
    auto socket = client();
    ASSERT_TRUE(round_trip(socket, "hello").ok());
    ASSERT_TRUE(service_.set("idle_timeout_ms", 300).ok());
    // In force now: the connection has been quiet long enough, or soon will have been.
    EXPECT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::finished);
}

TEST_F(Timeout, offEndsNobody) {
    ASSERT_TRUE(service_.set("idle_timeout_ms", 200).ok());
    ASSERT_TRUE(service_.set("idle_timeout_ms", 0).ok());
    auto socket = client();
    EXPECT_EQ(wait_for_end(socket, patience(Milliseconds(800))), Ending::open);
    EXPECT_TRUE(round_trip(socket, "hello").ok());
    EXPECT_EQ(service_.stat("connections_timed_out"), 0U);
}

TEST_F(Timeout, endsAPeerThatTakesNothing) {
    auto socket = client({.receive_buffer = 4096});
    const auto taken = fill(socket, patience(Milliseconds(100)));
    ASSERT_TRUE(taken.ok()) << taken.text();
    // Only now: filling may take longer than that.
    ASSERT_TRUE(service_.set("send_timeout_ms", 700).ok());
    const Stopwatch watch;
    // Its window is shut, and its kernel acknowledges each probe of it: that is no progress.
    EXPECT_TRUE(service_.reaches("connections_timed_out", 1, patience(seconds(15))));
    EXPECT_LT(watch.elapsed(), patience(seconds(10)));
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_EQ(wait_for_end(socket, patience(seconds(5))), Ending::reset);
    expect_service();
}

TEST_F(Timeout, endsManyPeersThatTakeNothing) {
    const auto limit = patience(Milliseconds(500));
    std::vector<Descriptor> deaf;
    for (int i = 0; i < 20; i++) {
        deaf.push_back(client({.receive_buffer = 4096, .send_buffer = 65536}));
        ASSERT_TRUE(fill(deaf.back(), patience(Milliseconds(30))).ok());
    }
    // A thread serves them in turn: little each time, else the last one waits longer than that.
    Traffic others(at(), 10, {.segment = 512, .window = 2048});
    ASSERT_TRUE(others.flows(1 << 15));
    ASSERT_TRUE(service_.set("send_timeout_ms", limit.count()).ok());
    EXPECT_TRUE(service_.reaches("connections_timed_out", 20, patience(seconds(20))))
        << service_.stat("connections_timed_out") << " have timed out";
    EXPECT_EQ(service_.active(), 10U);
    EXPECT_EQ(others.finish(), "");
}

TEST_F(Timeout, sparesASlowPeer) {
    const auto limit = patience(Milliseconds(1000));
    auto socket = client({.receive_buffer = 4096});
    const auto taken = fill(socket, patience(Milliseconds(100)));
    ASSERT_TRUE(taken.ok()) << taken.text();
    ASSERT_TRUE(service_.set("send_timeout_ms", limit.count()).ok());
    // It takes a little all the time, and so may go on for much longer than the limit.
    const Stopwatch watch;
    std::uint64_t received = 0;
    while (watch.elapsed() < limit * 3 && received < *taken) {
        const auto part = receive_some(socket, 16384);
        ASSERT_TRUE(part.ok()) << part.text() << " after " << watch.elapsed().count() << " ms";
        ASSERT_FALSE(part->empty());
        received += part->size();
        (void)wait_for([&] { return service_.stat("connections_timed_out") != 0; }, limit / 20);
    }
    EXPECT_EQ(service_.stat("connections_timed_out"), 0U);
    ASSERT_TRUE(half_close(socket).ok());
    const auto rest = receive_all(socket, patience(seconds(30)));
    ASSERT_TRUE(rest.ok()) << rest.text();
    EXPECT_EQ(received + rest->size(), *taken);
}

TEST_F(Timeout, ofSendingLeavesAnIdleConnectionAlone) {
    ASSERT_TRUE(service_.set("send_timeout_ms", 200).ok());
    auto socket = client();
    ASSERT_TRUE(round_trip(socket, "hello").ok());
    EXPECT_EQ(wait_for_end(socket, patience(Milliseconds(800))), Ending::open);
    EXPECT_TRUE(round_trip(socket, "hello again").ok());
}

TEST_F(Timeout, ofSendingEndsAPeerThatHasVanished) {
    auto socket = client({.receive_buffer = 4096});
    ASSERT_TRUE(fill(socket, patience(Milliseconds(100))).ok());
    const auto gone = vanish(socket);
    ASSERT_TRUE(gone.ok()) << gone.text();
    // Only now: filling may take longer than that.
    ASSERT_TRUE(service_.set("send_timeout_ms", 500).ok());
    EXPECT_TRUE(service_.reaches("connections_active", 0, patience(seconds(15))));
}

TEST_F(Timeout, ofIdlenessEndsManyAtOnce) {
    auto sockets = clients(200);
    ASSERT_TRUE(wait_for([&] { return service_.active() == 200; }, patience(seconds(5))));
    ASSERT_TRUE(service_.set("idle_timeout_ms", 300).ok());
    EXPECT_TRUE(service_.reaches("connections_timed_out", 200, patience(seconds(15))));
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

/// Does TCP have a probe in mind for a connection of the server's?
bool will_probe(std::uint16_t port) {
    return run_command("ss -Hnto state established sport = :" + std::to_string(port) +
                       " | grep -q keepalive")
        .ok();
}

TEST_F(Timeout, keepsAnEyeOnWhoSaysNothing) {
    const auto silent = client();
    EXPECT_TRUE(wait_for([&] { return will_probe(port_); }, patience(seconds(10))));
    // Idleness has its own limit, but that may be hours.
    ASSERT_TRUE(service_.set("idle_timeout_ms", 10'000'000).ok());
    const auto silent_too = client();
    EXPECT_TRUE(service_.reaches("connections_active", 2));
    EXPECT_TRUE(wait_for(
        [&] {
            return run_command("test $(ss -Hnto state established sport = :" +
                               std::to_string(port_) + " | grep -c keepalive) = 2")
                .ok();
        },
        patience(seconds(10))));
}

TEST_F(Timeout, keepsAnEyeOnWhoHasBeenAnswered) {
    ASSERT_TRUE(service_.set("send_timeout_ms", 4000).ok());
    const auto socket = client();
    ASSERT_TRUE(round_trip(socket, "and then nothing").ok());
    EXPECT_TRUE(wait_for([&] { return will_probe(port_); }, patience(seconds(20))));
}

} // namespace
} // namespace kinetd::suite
