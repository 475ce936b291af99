// SPDX-License-Identifier: GPL-2.0
/// \file
/// What a UDP service says about itself.
#include "support/datagram_fixture.hpp"
#include "support/events.hpp"

namespace kinetd::suite {
namespace {

class UdpStats : public UdpEchoTest {};

TEST_F(UdpStats, areExact) {
    EXPECT_EQ(counts(), DatagramCounts{});
    const auto one = client();
    ASSERT_TRUE(ask(one, "12345").ok());
    // Who has its answer finds it counted.
    EXPECT_EQ(counts(), (DatagramCounts{1, 1, 0, 0, 5, 5}));
    ASSERT_TRUE(ask(client(), std::string(60'000, 'x')).ok());
    EXPECT_EQ(counts(), (DatagramCounts{2, 2, 0, 0, 60'005, 60'005}));
    ASSERT_TRUE(ask(one, "").ok());
    EXPECT_EQ(counts(), (DatagramCounts{3, 3, 0, 0, 60'005, 60'005}));
}

TEST_F(UdpStats, followEveryDatagram) {
    const auto socket = client();
    std::uint64_t bytes = 0;
    for (std::size_t i = 1; i <= sized<std::size_t>(200, 40, 200); i++) {
        ASSERT_TRUE(ask(socket, std::string(i, 'x')).ok());
        bytes += i;
        ASSERT_EQ(counts(), (DatagramCounts{i, i, 0, 0, bytes, bytes}));
    }
}

TEST_F(UdpStats, haveNoConnections) {
    ASSERT_TRUE(ask(client(), "x").ok());
    for (const auto &counter : list(service_.path() + "/stats"))
        if (counter.rfind("connections_", 0) == 0) {
            EXPECT_EQ(service_.stat(counter), 0U) << counter;
        }
}

TEST_F(UdpStats, addUpOverThreads) {
    ASSERT_TRUE(pool_.set("threads", 4).ok());
    DatagramTraffic traffic(at(), 40);
    ASSERT_TRUE(traffic.flows(sized<std::uint64_t>(2000, 400, 20'000)));
    EXPECT_EQ(traffic.finish(), "");
    const auto now = counts();
    EXPECT_EQ(now.received, traffic.tally().sent);
    EXPECT_EQ(now.sent, traffic.tally().sent);
    EXPECT_EQ(now.bytes_received, now.bytes_sent);
    EXPECT_EQ(now.dropped, 0U);
    EXPECT_EQ(now.errors, 0U);
}

TEST_F(UdpStats, surviveADisablingAndAMove) {
    ASSERT_TRUE(ask(client(), "hello").ok());
    expect_set("enabled", "0");
    expect_set("enabled", "1");
    expect_set("port", std::to_string(port_ + 5000));
    EXPECT_EQ(counts(), (DatagramCounts{1, 1, 0, 0, 5, 5}));
}

TEST_F(UdpStats, tracepointsFire) {
    const Events events;
    ASSERT_TRUE(events.switched_on()) << "no tracepoints of kinetd in " << Events::tracing;
    expect_set("enabled", "0");
    expect_set("enabled", "1");
    EXPECT_EQ(Events::count("kinetd_service_stop", "service=udp_echo"), 1U);
    EXPECT_EQ(Events::count("kinetd_service_start", "port=" + std::to_string(port_)), 1U);
    expect_service();
    EXPECT_EQ(Events::count("kinetd_datagram_drop"), 0U);
}

} // namespace
} // namespace kinetd::suite
