// SPDX-License-Identifier: GPL-2.0
/// \file
/// When a worker waits for its turn, and when it goes before the peer that has woken it: who has
/// several peers on this machine is of another scheduling policy than who has one.
#include <sched.h>

#include <vector>

#include "support/cpu.hpp"
#include "support/fixture.hpp"
#include "support/health.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

class Patience : public EchoTest {
protected:
    void SetUp() override {
        EchoTest::SetUp();
        if (HasFatalFailure())
            return;
        ASSERT_TRUE(service_.set("exec", "thread").ok());
        ASSERT_TRUE(pool_.set("cpus", "0").ok());
        ASSERT_TRUE(pool_.set("threads", 1).ok());
    }

    /// Has messages answered by the one worker, of each socket in turn, until it is of `policy`.
    static void expect_policy(const std::vector<Descriptor> &sockets, int policy) {
        const OnCpu here(0);
        EXPECT_TRUE(wait_for(
            [&] {
                for (const auto &socket : sockets)
                    if (!round_trip(socket, "whose turn is it?").ok())
                        return false;
                return ::sched_getscheduler(worker_threads().at(0).pid) == policy;
            },
            patience(seconds(10))))
            << "with " << sockets.size() << " peers";
    }

    /// One peer, many, and one again.
    void expect_patience(const Endpoint &where) const {
        std::vector<Descriptor> many(16);
        for (auto &socket : many)
            socket = connect_to(where).value();
        std::vector<Descriptor> one(1);
        one[0] = connect_to(where).value();
        expect_policy(one, SCHED_OTHER);
        expect_policy(many, SCHED_BATCH);
        expect_policy(one, SCHED_OTHER);
    }
};

TEST_F(Patience, withPeersOnTheLoopback) {
    expect_patience(at());
}

TEST_F(Patience, withPeersBehindALink) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    link.far().run([this] { expect_patience(at(Link::near_v4)); });
    // A link that goes takes along what is on its way.
    EXPECT_TRUE(service_.comes_to_rest());
}

} // namespace
} // namespace kinetd::suite
