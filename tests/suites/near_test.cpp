// SPDX-License-Identifier: GPL-2.0
/// \file
/// Who serves is near: the thread on the CPU that the packets arrive on.
#include <unistd.h>

#include <map>

#include "support/cpu.hpp"
#include "support/datagram_fixture.hpp"
#include "support/health.hpp"

namespace kinetd::suite {
namespace {

constexpr int cpus = 2;

/// Places the pool's threads by turns on CPUs 0 and 1. What is sent over the loopback arrives on
/// the CPU that its sender is on.
void place_threads(const Pool &pool, int threads) {
    ASSERT_TRUE(pool.set("cpus", "0-1").ok());
    ASSERT_TRUE(pool.set("threads", threads).ok());
}

class Near : public EchoTest {
protected:
    void SetUp() override {
        if (::sysconf(_SC_NPROCESSORS_ONLN) < cpus)
            GTEST_SKIP() << "one CPU";
        EchoTest::SetUp();
        if (!HasFatalFailure()) {
            ASSERT_TRUE(service_.set("exec", "thread").ok());
        }
    }

    /// The number of the thread that has the connection of this client.
    static int worker_of(const Descriptor &socket) {
        const auto peer = "127.0.0.1:" + std::to_string(local_port(socket)) + " worker=default/";
        const auto text = read_file("/sys/kernel/debug/kinetd/connections").value();
        const auto at = text.find(" " + peer);
        return at == std::string::npos ? -1 : std::stoi(text.substr(at + 1 + peer.size()));
    }

    /// Connects from a CPU, and is served.
    [[nodiscard]] Descriptor client_on(int cpu) const {
        const OnCpu here(cpu);
        auto socket = client();
        EXPECT_TRUE(round_trip(socket, "how far?").ok());
        return socket;
    }
};

TEST_F(Near, isTheThreadOfAConnection) {
    ASSERT_NO_FATAL_FAILURE(place_threads(pool_, cpus));
    std::vector<Descriptor> sockets;
    for (int i = 0; i < 16; i++) {
        const int cpu = i / 2 % cpus;
        sockets.push_back(client_on(cpu));
        EXPECT_EQ(worker_of(sockets.back()), cpu) << "connection " << i;
    }
    // It stays where it is, wherever its client goes.
    const auto before = worker_of(sockets.front());
    for (int cpu = 0; cpu < cpus; cpu++) {
        const OnCpu here(cpu);
        EXPECT_TRUE(round_trip(sockets.front(), "and now?").ok());
        EXPECT_EQ(worker_of(sockets.front()), before);
    }
}

TEST_F(Near, areSeveralThreadsByTurns) {
    // 0 and 2 are on one CPU, 1 and 3 on the other.
    ASSERT_NO_FATAL_FAILURE(place_threads(pool_, 2 * cpus));
    std::vector<Descriptor> sockets;
    for (int cpu = 0; cpu < cpus; cpu++) {
        std::map<int, int> served;
        for (int i = 0; i < 8; i++) {
            sockets.push_back(client_on(cpu));
            served[worker_of(sockets.back())]++;
        }
        EXPECT_EQ(served, (std::map<int, int>{{cpu, 4}, {cpu + cpus, 4}}));
    }
}

class NearDatagram : public UdpEchoTest {
protected:
    void SetUp() override {
        if (::sysconf(_SC_NPROCESSORS_ONLN) < cpus)
            GTEST_SKIP() << "one CPU";
        UdpEchoTest::SetUp();
        if (!HasFatalFailure()) {
            ASSERT_TRUE(service_.set("exec", "thread").ok());
        }
    }

    /// How often each thread has gone to sleep.
    static std::map<std::string, std::uint64_t> sleeps() {
        std::map<std::string, std::uint64_t> sums;
        for (const auto &worker : worker_threads())
            sums[worker.name] = context_switches(worker.pid);
        return sums;
    }
};

TEST_F(NearDatagram, isTheThreadOfItsCpu) {
    ASSERT_NO_FATAL_FAILURE(place_threads(pool_, cpus));
    constexpr std::uint64_t questions = 60;
    for (int turn = 0; turn < 2 * cpus; turn++) {
        const int cpu = turn % cpus;
        const OnCpu here(cpu);
        const auto socket = client();
        ASSERT_TRUE(ask(socket, "how far?").ok());
        auto before = sleeps();
        for (std::uint64_t i = 0; i < questions; i++)
            ASSERT_TRUE(ask(socket, "how far?").ok());
        auto after = sleeps();
        const auto near = "kinetd/default/" + std::to_string(cpu);
        const auto far = "kinetd/default/" + std::to_string(1 - cpu);
        // It sleeps before each question, or does not have to.
        EXPECT_GT(after[near] - before[near], questions / 4) << "on CPU " << cpu;
        EXPECT_LT(after[far] - before[far], questions / 4) << "on CPU " << cpu;
    }
}

} // namespace
} // namespace kinetd::suite
