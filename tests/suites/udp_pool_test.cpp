// SPDX-License-Identifier: GPL-2.0
/// \file
/// Threads that come and go while datagrams flow: none is lost, none is answered twice.
#include "support/datagram_fixture.hpp"
#include "support/health.hpp"

namespace kinetd::suite {
namespace {

class UdpPool : public UdpEchoTest {
protected:
    void expect_threads(int threads) const {
        const auto written = pool_.set("threads", threads);
        ASSERT_TRUE(written.ok()) << threads << ": " << written.text();
        EXPECT_EQ(pool_.number("threads"), static_cast<std::uint64_t>(threads));
    }
};

TEST_F(UdpPool, ofEverySize) {
    for (const int threads : {1, 2, 4, 16, 1}) {
        expect_threads(threads);
        DatagramTraffic traffic(at(), 20);
        ASSERT_TRUE(traffic.flows()) << threads;
        EXPECT_EQ(traffic.finish(), "") << threads;
    }
}

TEST_F(UdpPool, changedUnderTraffic) {
    DatagramTraffic traffic(at(), 30);
    for (int i = 0; i < sized(20, 4, 500); i++) {
        ASSERT_NO_FATAL_FAILURE(expect_threads(1 << i % 3));
        ASSERT_TRUE(traffic.flows(100)) << "turn " << i;
    }
    EXPECT_EQ(traffic.finish(), "");
    EXPECT_EQ(service_.stat("datagrams_sent"), traffic.tally().answered);
}

TEST_F(UdpPool, exchangedUnderTraffic) {
    ASSERT_TRUE(new_pool("other").ok());
    DatagramTraffic traffic(at(), 30, {.loss_after = Milliseconds(500)});
    for (int i = 0; i < sized(20, 4, 500); i++) {
        expect_set("pool", i % 2 == 0 ? "other" : "default");
        ASSERT_TRUE(traffic.flows(100)) << "turn " << i;
    }
    expect_set("pool", "default");
    EXPECT_EQ(traffic.end(), "");
    EXPECT_EQ(traffic.tally().duplicates, 0U);
    EXPECT_TRUE(delete_pool("other").ok()) << "nobody uses it any more";
}

TEST_F(UdpPool, inUseIsNotDeleted) {
    ASSERT_TRUE(new_pool("other").ok());
    expect_set("pool", "other");
    EXPECT_EQ(delete_pool("other").code(), EBUSY);
    expect_service();
    expect_set("pool", "default");
    EXPECT_TRUE(delete_pool("other").ok());
    expect_service();
}

TEST_F(UdpPool, movedBetweenCpusUnderTraffic) {
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "there is one CPU";
    DatagramTraffic traffic(at(), 10);
    for (int i = 0; i < sized(12, 3, 200); i++) {
        ASSERT_TRUE(pool_.set("cpus", i % 3 == 0 ? "0" : i % 3 == 1 ? "1" : "0-1").ok());
        ASSERT_TRUE(traffic.flows(100)) << "turn " << i;
    }
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(UdpPool, losesACpuUnderTraffic) {
    const std::string cpu = "/sys/devices/system/cpu/cpu1/online";
    if (!exists(cpu))
        GTEST_SKIP() << "CPU 1 is not there or stays";
    ASSERT_NO_FATAL_FAILURE(expect_threads(2));
    DatagramTraffic traffic(at(), 10);
    for (int i = 0; i < sized(3, 2, 100); i++) {
        ASSERT_TRUE(traffic.flows());
        ASSERT_TRUE(write_file(cpu, "0").ok());
        EXPECT_TRUE(traffic.flows());
        ASSERT_TRUE(write_file(cpu, "1").ok());
    }
    ASSERT_TRUE(traffic.flows());
    // A packet that waits for a CPU that goes is lost in the network's own queues.
    EXPECT_EQ(traffic.end(), "");
}

TEST_F(UdpPool, idleThreadsSleep) {
    expect_service();
    // Nobody wakes up to look whether something has come.
    const auto before = worker_sleeps();
    std::this_thread::sleep_for(patience(Milliseconds(500)));
    EXPECT_LE(worker_sleeps() - before, 10U);
    expect_service();
}

TEST_F(UdpPool, sharesItsThreadsWithConnections) {
    ASSERT_TRUE(insert_echo(parameters_for(port_)).ok());
    Traffic stream(at(), 10);
    DatagramTraffic datagrams(at(), 10);
    ASSERT_TRUE(stream.flows());
    ASSERT_TRUE(datagrams.flows());
    ASSERT_NO_FATAL_FAILURE(expect_threads(3));
    ASSERT_TRUE(stream.flows());
    ASSERT_TRUE(datagrams.flows());
    EXPECT_EQ(datagrams.finish(), "");
    EXPECT_EQ(stream.finish(), "");
}

} // namespace
} // namespace kinetd::suite
