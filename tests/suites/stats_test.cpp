// SPDX-License-Identifier: GPL-2.0
/// \file
/// What the service says about itself: counters, the list of connections, events.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "support/events.hpp"
#include "support/fixture.hpp"

namespace kinetd::suite {
namespace {

class Stats : public EchoTest {
protected:
    void expect_counts(std::uint64_t accepted, std::uint64_t active, std::uint64_t bytes) const {
        EXPECT_EQ(service_.stat("connections_accepted"), accepted);
        EXPECT_EQ(service_.stat("connections_active"), active);
        EXPECT_EQ(service_.stat("connections_closed"), accepted - active);
        EXPECT_EQ(service_.stat("bytes_received"), bytes);
        EXPECT_EQ(service_.stat("bytes_sent"), bytes);
        EXPECT_EQ(service_.stat("errors"), 0U);
    }
};

TEST_F(Stats, areExact) {
    expect_counts(0, 0, 0);
    auto one = client();
    ASSERT_TRUE(round_trip(one, "12345").ok());
    // Who has its answer finds it counted.
    expect_counts(1, 1, 5);
    auto two = client();
    ASSERT_TRUE(round_trip(two, std::string(100'000, 'x')).ok());
    expect_counts(2, 2, 100'005);
    one.close();
    ASSERT_TRUE(service_.reaches("connections_active", 1));
    expect_counts(2, 1, 100'005);
    two.close();
    ASSERT_TRUE(service_.reaches("connections_active", 0));
    expect_counts(2, 0, 100'005);
}

TEST_F(Stats, followEveryMessage) {
    auto socket = client();
    std::uint64_t bytes = 0;
    for (std::size_t i = 1; i <= 200; i++) {
        ASSERT_TRUE(round_trip(socket, std::string(i, 'x')).ok());
        bytes += i;
        ASSERT_EQ(service_.stat("bytes_received"), bytes);
        ASSERT_EQ(service_.stat("bytes_sent"), bytes);
    }
}

TEST_F(Stats, addUpOverThreads) {
    ASSERT_TRUE(pool_.set("threads", 4).ok());
    Crowd crowd;
    const Plan plan{.bytes = 50'021};
    ASSERT_TRUE(crowd.add(at(), 60, plan).ok());
    EXPECT_TRUE(crowd.run(patience(seconds(30))));
    ASSERT_EQ(crowd.count(State::complete), 60U) << crowd.first_not(State::complete);
    ASSERT_TRUE(service_.reaches("connections_active", 0));
    expect_counts(60, 0, 60 * plan.bytes);
}

TEST_F(Stats, addUpAfterResets) {
    for (int i = 0; i < 50; i++) {
        auto socket = client();
        (void)send_all(socket, std::string(1000, 'x'));
        reset(socket);
    }
    expect_service();
    ASSERT_TRUE(service_.comes_to_rest());
    EXPECT_LE(service_.stat("bytes_sent"), service_.stat("bytes_received"));
    EXPECT_LE(service_.stat("bytes_received"), 50U * 1000U + 11U);
}

TEST_F(Stats, surviveADisabling) {
    auto socket = client();
    ASSERT_TRUE(round_trip(socket, "hello").ok());
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    ASSERT_TRUE(service_.reaches("connections_active", 0));
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    expect_counts(1, 0, 5);
}

TEST_F(Stats, surviveACpuThatLeaves) {
    const std::string cpu = "/sys/devices/system/cpu/cpu1/online";
    if (!exists(cpu))
        GTEST_SKIP() << "CPU 1 is not there or stays";
    auto socket = client();
    ASSERT_TRUE(pool_.set("cpus", "1").ok());
    ASSERT_TRUE(round_trip(socket, std::string(5000, 'x')).ok());
    ASSERT_TRUE(write_file(cpu, "0").ok());
    EXPECT_EQ(service_.stat("bytes_sent"), 5000U);
    EXPECT_EQ(service_.active(), 1U);
    ASSERT_TRUE(write_file(cpu, "1").ok());
    EXPECT_TRUE(round_trip(socket, "x").ok());
    EXPECT_EQ(service_.stat("bytes_sent"), 5001U);
}

class Connections : public EchoTest {
protected:
    static constexpr const char *file = "/sys/kernel/debug/kinetd/connections";

    /// One read() more. False at the end.
    static bool read_on(const Descriptor &reader, std::string &text) {
        std::array<char, 4096> part = {};
        const auto count = ::read(reader.get(), part.data(), part.size());
        text.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        return count > 0;
    }

    /// What the lines of all of these have, who are served when this returns.
    static std::vector<std::string> lines_of(const std::vector<Descriptor> &sockets) {
        std::vector<std::string> parts;
        for (const auto &socket : sockets) {
            EXPECT_TRUE(round_trip(socket, "x").ok());
            parts.push_back("127.0.0.1:" + std::to_string(local_port(socket)) + " worker=");
        }
        return parts;
    }

    static void expect_each_once(const std::string &text, const std::vector<std::string> &parts) {
        for (const auto &part : parts) {
            const auto at = text.find(part);
            EXPECT_NE(at, std::string::npos) << part;
            EXPECT_EQ(text.find(part, at + 1), std::string::npos) << part;
        }
    }

    static std::size_t lines_with(const std::string &text) {
        const auto lines = split(read_file(file).value(), '\n');
        return static_cast<std::size_t>(
            std::count_if(lines.begin(), lines.end(), [&](const std::string &line) {
                return line.find(text) != std::string::npos;
            }));
    }
};

TEST_F(Connections, haveALineEach) {
    EXPECT_EQ(lines_with("127.0.0.1"), 0U);
    std::vector<Descriptor> sockets;
    for (int i = 0; i < 40; i++) {
        sockets.push_back(client());
        ASSERT_TRUE(round_trip(sockets.back(), "x").ok());
    }
    EXPECT_EQ(lines_with("tcp_echo"), 40U);
    for (const auto &socket : sockets)
        EXPECT_GE(lines_with(std::to_string(local_port(socket))), 1U);
    sockets.clear();
    EXPECT_TRUE(wait_for([] { return lines_with("tcp_echo") == 0; }, patience(seconds(5))));
}

TEST_F(Connections, areListedWhileTheyComeAndGo) {
    Churn churn(at(), Churn::Close::politely);
    Churn rude(at(), Churn::Close::by_reset);
    const auto sockets = clients(sized<std::size_t>(200, 80, 200));
    const auto stay = lines_of(sockets);
    for (int i = 0; i < sized(15, 4, 100); i++)
        expect_each_once(read_file(file).value(), stay);
}

TEST_F(Connections, areListedWhileThoseBeforeThemGo) {
    ASSERT_TRUE(pool_.set("threads", 1).ok());
    auto go = clients(100);
    lines_of(go);
    const auto sockets = clients(100);
    const auto stay = lines_of(sockets);
    const Descriptor reader(::open(file, O_RDONLY | O_CLOEXEC));
    std::string text;
    ASSERT_TRUE(read_on(reader, text));
    go.clear();
    ASSERT_TRUE(service_.reaches("connections_active", sockets.size()));
    while (read_on(reader, text))
        ;
    expect_each_once(text, stay);
}

class Tracepoint : public EchoTest {};

TEST_F(Tracepoint, eachFires) {
    const Events events;
    ASSERT_TRUE(events.switched_on()) << "no tracepoints of kinetd in " << Events::tracing;
    ASSERT_TRUE(service_.set("max_connections", 1).ok());
    ASSERT_TRUE(service_.set("idle_timeout_ms", patience(Milliseconds(300)).count()).ok());
    auto socket = client();
    ASSERT_TRUE(round_trip(socket, "hello").ok());
    const auto peer = "port=" + std::to_string(local_port(socket));
    EXPECT_EQ(wait_for_end(client(), patience(seconds(5))), Ending::finished);
    EXPECT_EQ(wait_for_end(socket, patience(seconds(5))), Ending::finished);
    ASSERT_TRUE(service_.reaches("connections_active", 0));
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    EXPECT_EQ(Events::count("kinetd_connection_open", peer), 1U);
    EXPECT_EQ(Events::count("kinetd_connection_timeout", peer), 1U);
    EXPECT_EQ(Events::count("kinetd_connection_close", peer), 1U);
    EXPECT_EQ(Events::count("kinetd_connection_open"), 1U);
    EXPECT_EQ(Events::count("kinetd_connection_refuse"), 1U);
    EXPECT_EQ(Events::count("kinetd_service_stop"), 1U);
    EXPECT_EQ(Events::count("kinetd_service_start", "port=" + std::to_string(port_)), 1U);
}

TEST_F(Tracepoint, areOnDuringAnUnload) {
    const Events events;
    ASSERT_TRUE(events.switched_on());
    Traffic traffic(at(), 20);
    ASSERT_TRUE(traffic.flows());
    ASSERT_TRUE(remove_echo().status.ok());
    EXPECT_EQ(traffic.end(), "");
    EXPECT_EQ(Events::count("kinetd_service_stop"), 1U);
    EXPECT_EQ(Events::count("kinetd_connection_close"), 20U);
}

} // namespace
} // namespace kinetd::suite
