// SPDX-License-Identifier: GPL-2.0
/// \file
/// A service that moves, stops and starts while datagrams come, and who else may have its port.
#include <cstdio>
#include <set>

#include "support/datagram_fixture.hpp"

namespace kinetd::suite {
namespace {

class UdpMove : public UdpEchoTest {
protected:
    /// A service of the same protocol by the side of the first.
    static Service second() {
        EXPECT_TRUE(new_service("second", "udp_echo").ok());
        return Service("second");
    }
};

TEST_F(UdpMove, ofThePort) {
    const auto first = port_;
    auto before = first;
    for (int i = 0; i < sized(50, 10, 1000); i++) {
        const auto next = static_cast<std::uint16_t>(i % 2 == 0 ? first + 5000 : first);
        expect_set("port", std::to_string(next));
        expect_service({"127.0.0.1", next});
        expect_nobody({"127.0.0.1", before});
        before = next;
    }
}

TEST_F(UdpMove, ofThePortWithARequestOnItsWay) {
    // What the old socket had taken is answered, from where it was sent to.
    for (int i = 0; i < sized(30, 6, 500); i++) {
        const auto other = std::to_string(port_ + (i % 2 == 0 ? 5000 : 0));
        const auto socket =
            datagram_to({"127.0.0.1", static_cast<std::uint16_t>(service_.number("port"))}).value();
        for (int j = 0; j < 20; j++)
            ASSERT_TRUE(send_datagram(socket, std::to_string(j)).ok());
        expect_set("port", other);
        std::set<std::string> answers;
        for (int j = 0; j < 20; j++) {
            const auto answer = receive_datagram(socket, patience(seconds(5)));
            ASSERT_TRUE(answer.ok()) << "turn " << i << ", " << j << ": " << answer.text();
            answers.insert(answer->bytes);
        }
        EXPECT_EQ(answers.size(), 20U);
    }
}

TEST_F(UdpMove, ofThePortUnderTraffic) {
    const auto other = static_cast<std::uint16_t>(port_ + 5000);
    for (int i = 0; i < sized(10, 2, 200); i++) {
        DatagramTraffic old(at(), 5);
        ASSERT_TRUE(old.flows());
        expect_set("port", std::to_string(other));
        DatagramTraffic now({"127.0.0.1", other}, 5);
        EXPECT_TRUE(now.flows());
        EXPECT_EQ(now.finish(), "");
        EXPECT_EQ(old.end(), "");
        expect_set("port", std::to_string(port_));
    }
}

TEST_F(UdpMove, toAWiderAddressOnTheSamePort) {
    // Each of these overlaps with the one before: it must be taken over, not found "in use".
    DatagramTraffic traffic(at(), 5, {.loss_after = Milliseconds(300)});
    ASSERT_TRUE(traffic.flows());
    for (const char *address : {"0.0.0.0", "127.0.0.1", "0.0.0.0", "127.0.0.1", "0.0.0.0"}) {
        expect_set("address", address);
        EXPECT_TRUE(traffic.flows()) << address;
    }
    if (has_ipv6())
        for (const char *address : {"::", "0.0.0.0", "::", "127.0.0.1", "::"}) {
            expect_set("address", address);
            EXPECT_TRUE(traffic.flows()) << address;
        }
    EXPECT_EQ(traffic.end(), "");
    std::printf("  %lu of %lu requests were lost\n",
                static_cast<unsigned long>(traffic.tally().lost),
                static_cast<unsigned long>(traffic.tally().sent));
}

TEST_F(UdpMove, toWhereItIs) {
    DatagramTraffic traffic(at(), 4);
    ASSERT_TRUE(traffic.flows());
    for (int i = 0; i < 10; i++) {
        expect_set("port", std::to_string(port_));
        expect_set("address", "127.0.0.1");
        expect_set("enabled", "1");
    }
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(UdpMove, toATakenPort) {
    const auto taken = fresh_port();
    const auto occupant = datagram_socket(AF_INET, {.source = Endpoint("127.0.0.1", taken)});
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    DatagramTraffic traffic(at(), 4);
    ASSERT_TRUE(traffic.flows());
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(service_.set("port", taken).code(), EADDRINUSE);
    EXPECT_EQ(service_.number("port"), port_);
    EXPECT_EQ(traffic.finish(), "");
    EXPECT_TRUE(is_silent(*occupant));
}

TEST_F(UdpMove, toATakenAddress) {
    const auto occupant = datagram_socket(AF_INET, {.source = at("127.0.0.9")});
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    EXPECT_EQ(service_.set("address", "127.0.0.9").code(), EADDRINUSE);
    EXPECT_EQ(service_.set("address", "0.0.0.0").code(), EADDRINUSE);
    if (has_ipv6()) {
        EXPECT_EQ(service_.set("address", "::").code(), EADDRINUSE);
    }
    EXPECT_EQ(service_.get("address"), "127.0.0.1");
    expect_service();
}

TEST_F(UdpMove, toAnAddressThatIsNotHere) {
    EXPECT_EQ(service_.set("address", "192.0.2.77").code(), EADDRNOTAVAIL);
    if (has_ipv6()) {
        EXPECT_EQ(service_.set("address", "2001:db8::77").code(), EADDRNOTAVAIL);
    }
    EXPECT_EQ(service_.get("address"), "127.0.0.1");
    expect_service();
}

TEST_F(UdpMove, toAPortOfTcp) {
    // The two transports have ports of their own.
    const auto other = fresh_port();
    const auto listener = listen_on({"127.0.0.1", other});
    ASSERT_TRUE(listener.ok()) << listener.text();
    expect_set("port", std::to_string(other));
    expect_service({"127.0.0.1", other});
    const auto neighbour = listen_on({"0.0.0.0", port_});
    EXPECT_TRUE(neighbour.ok()) << neighbour.text();
}

TEST_F(UdpMove, nobodySharesThePort) {
    for (const char *address : {"127.0.0.1", "0.0.0.0"})
        for (const bool share_address : {false, true})
            for (const bool share_port : {false, true}) {
                const auto thief = datagram_socket(AF_INET, {.source = at(address),
                                                             .share_address = share_address,
                                                             .share_port = share_port});
                EXPECT_EQ(thief.code(), EADDRINUSE) << address << share_address << share_port;
            }
    expect_service();
}

TEST_F(UdpMove, nobodySharesThePortOfManyThreads) {
    ASSERT_TRUE(pool_.set("threads", 4).ok());
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(datagram_socket(AF_INET, {.source = at(), .share_port = true}).code(),
                  EADDRINUSE);
    DatagramTraffic traffic(at(), 20);
    ASSERT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(UdpMove, doesNotJoinAnothersSharedPort) {
    for (const bool share_address : {false, true}) {
        const auto occupant = datagram_socket(AF_INET, {.source = at("127.0.0.9"),
                                                        .share_address = share_address,
                                                        .share_port = !share_address});
        ASSERT_TRUE(occupant.ok()) << occupant.text();
        EXPECT_EQ(service_.set("address", "127.0.0.9").code(), EADDRINUSE);
        EXPECT_EQ(service_.set("address", "0.0.0.0").code(), EADDRINUSE);
        EXPECT_EQ(service_.get("address"), "127.0.0.1");
    }
    expect_service();
}

TEST_F(UdpMove, twoServicesOnOnePort) {
    const auto other = second();
    ASSERT_TRUE(other.set("port", port_).ok());
    EXPECT_EQ(other.set("enabled", 1).code(), EADDRINUSE);
    ASSERT_TRUE(other.set("address", "0.0.0.0").ok());
    EXPECT_EQ(other.set("enabled", 1).code(), EADDRINUSE);
    ASSERT_TRUE(other.set("address", "127.0.0.2").ok());
    ASSERT_TRUE(other.set("enabled", 1).ok());
    expect_service(at("127.0.0.1"));
    expect_service(at("127.0.0.2"));
    EXPECT_EQ(other.set("address", "127.0.0.1").code(), EADDRINUSE);
    EXPECT_EQ(service_.stat("datagrams_sent"), 1U);
    EXPECT_EQ(other.stat("datagrams_sent"), 1U);
}

TEST_F(UdpMove, whileDown) {
    const auto other = static_cast<std::uint16_t>(port_ + 5000);
    expect_set("enabled", "0");
    expect_nobody(at());
    expect_set("port", std::to_string(other));
    expect_set("address", "127.0.0.3");
    expect_nobody({"127.0.0.3", other});
    // What is down takes nothing.
    EXPECT_TRUE(datagram_socket(AF_INET, {.source = Endpoint("127.0.0.3", other)}).ok());
    expect_set("enabled", "1");
    expect_service({"127.0.0.3", other});
}

TEST_F(UdpMove, whileDownToATakenPort) {
    const auto taken = fresh_port();
    const auto occupant = datagram_socket(AF_INET, {.source = Endpoint("127.0.0.1", taken)});
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    expect_set("enabled", "0");
    expect_set("port", std::to_string(taken));
    EXPECT_EQ(service_.set("enabled", 1).code(), EADDRINUSE);
    EXPECT_EQ(service_.get("enabled"), "0");
    expect_set("port", std::to_string(port_));
    expect_set("enabled", "1");
    expect_service();
}

TEST_F(UdpMove, onAndOffUnderTraffic) {
    DatagramTraffic traffic(at(), 5, {.loss_after = Milliseconds(200)});
    for (int i = 0; i < sized(20, 4, 500); i++) {
        ASSERT_TRUE(traffic.flows(50)) << "turn " << i;
        expect_set("enabled", "0");
        expect_set("enabled", "1");
    }
    EXPECT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.end(), "");
    // Nothing that was counted as answered was lost, and nothing was answered twice.
    EXPECT_GE(service_.stat("datagrams_sent"), traffic.tally().answered);
    EXPECT_EQ(traffic.tally().duplicates, 0U);
}

} // namespace
} // namespace kinetd::suite
