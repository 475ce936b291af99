// SPDX-License-Identifier: GPL-2.0
/// \file
/// A host of many addresses: the answer comes from the one that was asked, port included.
#include <initializer_list>

#include "support/datagram_fixture.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

class UdpHome : public UdpEchoTest {
protected:
    UdpHome() : UdpEchoTest("0.0.0.0") {}

    /// One socket asks all of these, by turns and connected to none.
    void expect_answers(const std::vector<std::string> &addresses,
                        const DatagramOptions &options = {}) const {
        const auto socket = datagram_socket(at(addresses.front()).family(), options).value();
        for (int turn = 0; turn < 3; turn++)
            for (const auto &address : addresses) {
                const auto answer = ask(socket, at(address), "to " + address);
                EXPECT_TRUE(answer.ok()) << address << ": " << answer.text();
            }
    }

    /// For clients who must expect to lose much.
    inline static const DatagramPlan hasty{.loss_after = Milliseconds(50)};

    inline static const std::vector<std::string> loopbacks{
        "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5",
        "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9", "127.255.255.254"};
};

TEST_F(UdpHome, ofManyLoopbackAddresses) {
    expect_answers(loopbacks);
    // From one that is not the asked one either.
    expect_answers(loopbacks, {.source = Endpoint("127.7.7.7", 0)});
}

TEST_F(UdpHome, ofBothFamilies) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_set("address", "::");
    expect_answers(loopbacks);
    expect_answers({"::1"});
    // A client of both families sees an IPv4 answer by its mapped name.
    const auto socket = datagram_socket(AF_INET6).value();
    EXPECT_TRUE(ask(socket, at("::ffff:127.0.0.5"), "mapped").ok());
    EXPECT_TRUE(ask(socket, at("::1"), "native").ok());
}

TEST_F(UdpHome, ofIPv4Alone) {
    expect_answers(loopbacks);
    if (has_ipv6())
        expect_nobody(at("::1"));
}

TEST_F(UdpHome, ofIPv6Alone) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_set("address", "::1");
    expect_answers({"::1"});
    expect_nobody(at("127.0.0.1"));
}

TEST_F(UdpHome, isExact) {
    expect_set("address", "127.0.0.5");
    expect_answers({"127.0.0.5"});
    expect_nobody(at("127.0.0.1"));
}

TEST_F(UdpHome, ofALink) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    ASSERT_TRUE(link.add_here("10.77.0.9/24").ok());
    ASSERT_TRUE(link.add_here("10.77.0.200/24").ok());
    link.far().run([this] { expect_answers({"10.77.0.200", "10.77.0.1", "10.77.0.9"}); });
    if (!has_ipv6())
        return;
    expect_set("address", "::");
    ASSERT_TRUE(link.add_here("fd77::9/64").ok());
    const auto local = link.near_link_local();
    ASSERT_NE(local, "");
    link.far().run([&] {
        expect_answers({"10.77.0.9", "10.77.0.1", "10.77.0.200"});
        expect_answers({"fd77::9", "fd77::1", local + "%" + Link::there});
    });
}

TEST_F(UdpHome, ofALinkLocalAddressOnBothSides) {
    if (!has_links() || !has_ipv6())
        GTEST_SKIP() << "this kernel has no virtual Ethernet or no IPv6";
    const auto link = Link::create().value();
    expect_set("address", "::");
    const auto local = link.near_link_local();
    ASSERT_NE(local, "");
    // The answer to a link-local client finds its way only by the interface.
    link.far().run([&] {
        const Endpoint near = at(local + "%" + Link::there);
        const auto socket = datagram_to(near).value();
        EXPECT_EQ(local_endpoint(socket).address().rfind("fe80::", 0), 0U);
        EXPECT_TRUE(ask(socket, std::string(5000, 'l')).ok());
    });
}

TEST_F(UdpHome, loosesAnAddress) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    ASSERT_TRUE(link.add_here("10.77.0.9/24").ok());
    auto traffic = link.far().run(
        [this] { return std::make_unique<DatagramTraffic>(at("10.77.0.9"), 5, hasty); });
    ASSERT_TRUE(traffic->flows());
    ASSERT_TRUE(link.remove_here("10.77.0.9/24").ok());
    link.far().run([this] { expect_service(at(Link::near_v4)); });
    ASSERT_TRUE(link.add_here("10.77.0.9/24").ok());
    EXPECT_TRUE(traffic->flows());
    EXPECT_EQ(traffic->end(), "");
}

TEST_F(UdpHome, loosesTheAddressThatItIsBoundTo) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    expect_set("address", Link::near_v4);
    auto traffic = link.far().run(
        [this] { return std::make_unique<DatagramTraffic>(at(Link::near_v4), 5, hasty); });
    ASSERT_TRUE(traffic->flows());
    ASSERT_TRUE(link.remove_here(std::string(Link::near_v4) + "/24").ok());
    ASSERT_TRUE(link.add_here(std::string(Link::near_v4) + "/24").ok());
    EXPECT_TRUE(traffic->flows());
    EXPECT_EQ(traffic->end(), "");
    EXPECT_EQ(service_.get("enabled"), "1");
}

TEST_F(UdpHome, ofALinkThatFlaps) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    auto traffic = link.far().run(
        [this] { return std::make_unique<DatagramTraffic>(at(Link::near_v4), 5, hasty); });
    for (int i = 0; i < sized(5, 1, 100); i++) {
        ASSERT_TRUE(traffic->flows());
        ASSERT_TRUE(link.set_up(false).ok());
        expect_service(at("127.0.0.1"));
        ASSERT_TRUE(link.set_up(true).ok());
    }
    EXPECT_TRUE(traffic->flows());
    EXPECT_EQ(traffic->end(), "");
}

TEST_F(UdpHome, behindABadLine) {
    if (!has_links() || !has_netem())
        GTEST_SKIP() << "this kernel has no virtual Ethernet or no netem";
    struct Line {
        const char *how;
        std::size_t largest;
    };
    const auto link = Link::create().value();
    // Damaged datagrams are of one packet: of two flipped bits in two fragments one in 32 pairs
    // gives the same checksum, whoever looks.
    for (const auto &[how, largest] :
         std::initializer_list<Line>{{"loss 5% duplicate 5%", 4000},
                                     {"delay 5ms reorder 25% 50%", 4000},
                                     {"corrupt 5%", 1400}}) {
        ASSERT_TRUE(link.spoil(how).ok()) << how;
        auto traffic = link.far().run([this, size = largest] {
            return std::make_unique<DatagramTraffic>(
                at(Link::near_v4), 8,
                DatagramPlan{.largest = size, .window = 8, .loss_after = Milliseconds(150)});
        });
        EXPECT_TRUE(traffic->flows(sized<std::uint64_t>(400, 40, 20'000))) << how;
        // What was spoiled is nobody's answer: each equals some request.
        EXPECT_EQ(traffic->end(), "") << how;
    }
}

} // namespace
} // namespace kinetd::suite
