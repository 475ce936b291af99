// SPDX-License-Identifier: GPL-2.0
/// \file
/// Every datagram comes back as it was: its size, its bytes, once.
#include <numeric>

#include "support/datagram_fixture.hpp"
#include "support/link.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

class UdpEcho : public UdpEchoTest {
protected:
    /// Datagrams of these sizes, of which each holds other bytes.
    static void expect_echo(const Endpoint &where, const std::vector<std::size_t> &sizes) {
        const auto socket = datagram_to(where).value();
        for (const std::size_t size : sizes) {
            const auto answer = ask(socket, Pattern(size).bytes(0, size));
            ASSERT_TRUE(answer.ok()) << size << " bytes, " << where.text() << ": " << answer.text();
        }
    }

    inline static const std::vector<std::size_t> sizes{0,    1,    2,    3,    7,     8,     63,
                                                       64,   1000, 1452, 1453, 1471,  1472,  1473,
                                                       2048, 4095, 4096, 8192, 16384, 32768, 65000};
};

TEST_F(UdpEcho, nothingAtAll) {
    // An empty datagram is one, and is not an end of anything.
    const auto socket = client();
    for (int i = 0; i < 10; i++) {
        const auto answer = ask(socket, "");
        ASSERT_TRUE(answer.ok()) << answer.text();
    }
    EXPECT_EQ(counts(), (DatagramCounts{10, 10, 0, 0, 0, 0}));
}

TEST_F(UdpEcho, manySizes) {
    expect_echo(at(), sizes);
}

TEST_F(UdpEcho, theLargestSize) {
    expect_echo(at(), {largest_v4, 1, largest_v4 - 1, largest_v4});
}

TEST_F(UdpEcho, overIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_set("address", "::1");
    expect_echo(at("::1"), sizes);
    expect_echo(at("::1"), {largest_v6, 1, largest_v6 - 1, largest_v6});
}

TEST_F(UdpEcho, everyByteValue) {
    std::string bytes(256, '\0');
    std::iota(bytes.begin(), bytes.end(), '\0');
    const auto socket = client();
    EXPECT_TRUE(ask(socket, bytes).ok());
    for (int value = 0; value < 256; value++) {
        const auto answer = ask(socket, std::string(1, static_cast<char>(value)));
        ASSERT_TRUE(answer.ok()) << "byte " << value << ": " << answer.text();
    }
}

TEST_F(UdpEcho, inFragments) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    expect_set("address", has_ipv6() ? "::" : "0.0.0.0");
    link.far().run([this] {
        expect_echo(at(Link::near_v4), sizes);
        expect_echo(at(Link::near_v4), {largest_v4});
        if (has_ipv6()) {
            expect_echo(at(Link::near_v6), sizes);
            expect_echo(at(Link::near_v6), {largest_v6});
        }
    });
    // What is in pieces is none of it held when all have been put together.
    EXPECT_TRUE(wait_for(
        [] {
            return read_file("/proc/net/sockstat")->find("FRAG: inuse 0 memory 0") !=
                   std::string::npos;
        },
        patience(seconds(5))));
}

TEST_F(UdpEcho, manyClientsAtOnce) {
    DatagramTraffic traffic(at(), 100, {.largest = 3000, .window = 1});
    EXPECT_TRUE(traffic.flows(sized<std::uint64_t>(20'000, 3000, 500'000), patience(seconds(40))));
    EXPECT_EQ(traffic.finish(), "");
    EXPECT_EQ(service_.stat("datagrams_sent"), traffic.tally().answered);
    EXPECT_EQ(service_.stat("datagrams_dropped"), 0U);
}

TEST_F(UdpEcho, clientsOneAfterTheOther) {
    for (std::size_t i = 0; i < sized<std::size_t>(1000, 300, 20'000); i++) {
        const auto answer = ask(client(), Pattern(i).bytes(0, 1 + i % 100));
        ASSERT_TRUE(answer.ok()) << "client " << i << ": " << answer.text();
    }
}

TEST_F(UdpEcho, inOrderFromOneClient) {
    // Of several threads each has a socket, and which one it is depends on the CPU.
    ASSERT_TRUE(pool_.set("threads", 1).ok());
    const auto socket = client({.receive_buffer = 8 << 20});
    for (int i = 0; i < 100; i++)
        ASSERT_TRUE(send_datagram(socket, std::to_string(i)).ok());
    for (int i = 0; i < 100; i++) {
        const auto answer = receive_datagram(socket);
        ASSERT_TRUE(answer.ok()) << answer.text();
        ASSERT_EQ(answer->bytes, std::to_string(i));
    }
}

TEST_F(UdpEcho, clientsThatAreGone) {
    // Their answers meet a closed port, whose ICMP error is nobody's business.
    for (int i = 0; i < 200; i++)
        ASSERT_TRUE(send_datagram(client(), "and away").ok());
    ASSERT_TRUE(service_.reaches("datagrams_received", 200));
    for (int i = 0; i < 100; i++)
        expect_service();
}

TEST_F(UdpEcho, aReaderWithoutRoom) {
    // Who does not read loses answers, and nobody else does.
    const auto deaf = client({.receive_buffer = 4096});
    for (int i = 0; i < 500; i++)
        ASSERT_TRUE(send_datagram(deaf, std::string(1000, 'x')).ok());
    expect_service();
    const auto taken = take_datagrams(deaf);
    EXPECT_LT(taken.size(), 500U);
    for (const auto &answer : taken)
        ASSERT_EQ(answer.bytes, std::string(1000, 'x'));
    EXPECT_TRUE(ask(deaf, "now I listen").ok());
}

} // namespace
} // namespace kinetd::suite
