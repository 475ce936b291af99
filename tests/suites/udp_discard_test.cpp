// SPDX-License-Identifier: GPL-2.0
/// \file
/// What is thrown away is not answered, by nothing at all.
#include <algorithm>

#include "support/datagram_fixture.hpp"
#include "support/forge.hpp"
#include "support/tap.hpp"

namespace kinetd::suite {
namespace {

class UdpDiscard : public DatagramTest {
protected:
    UdpDiscard() : DatagramTest(discard_name, "udp_discard") {}

    void expect_received(std::uint64_t datagrams, std::uint64_t bytes) const {
        EXPECT_TRUE(service_.reaches("datagrams_received", datagrams)) << counts().received;
        EXPECT_TRUE(service_.reaches("bytes_received", bytes)) << counts().bytes_received;
        EXPECT_EQ(counts(), (DatagramCounts{datagrams, 0, 0, 0, bytes, 0}));
    }
};

TEST_F(UdpDiscard, neverAnswers) {
    const auto socket = client();
    std::uint64_t bytes = 0;
    for (const std::size_t size : {0UL, 1UL, 1000UL, 1473UL, 9000UL, largest_v4}) {
        ASSERT_TRUE(send_datagram(socket, std::string(size, 'd')).ok());
        bytes += size;
    }
    expect_received(6, bytes);
    // Not by an ICMP error either: sending goes on.
    EXPECT_TRUE(is_silent(socket));
    EXPECT_TRUE(send_datagram(socket, "more").ok());
    expect_received(7, bytes + 4);
}

TEST_F(UdpDiscard, sendsNothingOnTheWire) {
    const Tap tap;
    const Tap errors("lo", IPPROTO_ICMP);
    const auto socket = client();
    for (int i = 0; i < 100; i++)
        ASSERT_TRUE(send_datagram(socket, "nothing").ok());
    expect_received(100, 700);
    const auto packets = tap.take();
    EXPECT_EQ(std::ranges::count(packets, port_, &Tap::Packet::destination_port), 100);
    EXPECT_EQ(std::ranges::count(packets, port_, &Tap::Packet::source_port), 0);
    EXPECT_EQ(errors.take().size(), 0U);
    // Where there is an error to be seen, it is seen.
    expect_nobody({"127.0.0.1", fresh_port()});
    EXPECT_EQ(errors.take().size(), 1U);
}

TEST_F(UdpDiscard, takesFromAnybody) {
    // Nobody is answered, so nobody need be refused.
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    for (const Endpoint &source :
         {Endpoint("127.0.0.1", 0), Endpoint("127.0.0.1", 7), Endpoint("255.255.255.255", 9),
          Endpoint("224.0.0.1", 5000), at(), Endpoint("127.9.9.9", 1023)})
        ASSERT_TRUE(forge({.source = source, .destination = at(), .payload = "12345"}).ok());
    expect_received(6, 30);
}

TEST_F(UdpDiscard, countsEachOfATrain) {
    const auto socket = client();
    ASSERT_TRUE(send_train(socket, std::string(9500, 't'), 1000).ok());
    expect_received(10, 9500);
}

TEST_F(UdpDiscard, overIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    ASSERT_TRUE(service_.set("address", "::").ok());
    const auto socket = datagram_to(at("::1")).value();
    ASSERT_TRUE(send_datagram(socket, "six").ok());
    ASSERT_TRUE(send_datagram(client(), "four").ok());
    expect_received(2, 7);
    EXPECT_TRUE(is_silent(socket));
}

TEST_F(UdpDiscard, isSeenToBeDown) {
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    expect_nobody(at());
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    ASSERT_TRUE(send_datagram(client(), "up").ok());
    expect_received(1, 2);
}

TEST_F(UdpDiscard, servesBothTransportsOnOnePort) {
    EXPECT_TRUE(Service("tcp_discard").present());
    auto stream = connect_to(at());
    ASSERT_TRUE(stream.ok()) << stream.text();
    ASSERT_TRUE(send_all(*stream, "a stream").ok());
    ASSERT_TRUE(send_datagram(client(), "a datagram").ok());
    expect_received(1, 10);
    EXPECT_TRUE(Service("tcp_discard").reaches("bytes_received", 8));
    // Each goes its own way.
    ASSERT_TRUE(Service("tcp_discard").set("enabled", 0).ok());
    ASSERT_TRUE(send_datagram(client(), "another").ok());
    expect_received(2, 17);
}

} // namespace
} // namespace kinetd::suite
