// SPDX-License-Identifier: GPL-2.0
/// \file
/// Where a service listens, and moving it while clients are there.
#include "support/fixture.hpp"

namespace kinetd::suite {
namespace {

class Address : public EchoTest {
protected:
    /// The setting, as read back, and the errno of writing it.
    void expect_move(const std::string &attribute, const std::string &value) {
        const auto written = service_.set(attribute, value);
        EXPECT_TRUE(written.ok()) << attribute << "=" << value << ": " << written.text();
        EXPECT_EQ(service_.get(attribute), value);
    }

    static void expect_nobody(const Endpoint &where) {
        const auto socket = connect_to(where, {.limit = patience(seconds(2))});
        EXPECT_EQ(socket.code(), ECONNREFUSED) << "port " << where.port() << ": " << socket.text();
    }
};

TEST_F(Address, ofBothFamilies) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_move("address", "::");
    expect_service(at("127.0.0.1"));
    expect_service(at("127.9.8.7"));
    expect_service(at("::1"));
}

TEST_F(Address, ofIPv6Alone) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_move("address", "::1");
    expect_service(at("::1"));
    expect_nobody(at("127.0.0.1"));
}

TEST_F(Address, ofIPv4Alone) {
    expect_move("address", "0.0.0.0");
    expect_service(at("127.0.0.1"));
    expect_service(at("127.1.2.3"));
    if (has_ipv6())
        expect_nobody(at("::1"));
}

TEST_F(Address, isExact) {
    expect_move("address", "127.0.0.5");
    expect_service(at("127.0.0.5"));
    expect_nobody(at("127.0.0.1"));
}

TEST_F(Address, growsOnTheSamePortUnderTraffic) {
    // Each of these overlaps with the one before: it must be taken over, not found "in use".
    Traffic traffic(at(), 10);
    ASSERT_TRUE(traffic.flows());
    for (const char *address : {"0.0.0.0", "127.0.0.1", "0.0.0.0", "127.0.0.2", "0.0.0.0"})
        expect_move("address", address);
    if (has_ipv6())
        for (const char *address : {"::", "0.0.0.0", "::", "127.0.0.1", "::", "::1", "::"})
            expect_move("address", address);
    expect_service(at("127.0.0.1"));
    if (has_ipv6())
        expect_service(at("::1"));
    ASSERT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(Address, thatIsNotOursIsRefused) {
    Traffic traffic(at(), 4);
    ASSERT_TRUE(traffic.flows());
    EXPECT_EQ(service_.set("address", "192.0.2.77").code(), EADDRNOTAVAIL);
    EXPECT_EQ(service_.get("address"), "127.0.0.1");
    EXPECT_EQ(service_.get("enabled"), "1");
    expect_service();
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(Address, portMovesUnderTraffic) {
    Traffic traffic(at(), 10);
    ASSERT_TRUE(traffic.flows());
    const int moves = sized(50, 6, 1000);
    const auto first = port_;
    auto before = first;
    for (int i = 0; i < moves; i++) {
        const auto next = static_cast<std::uint16_t>(i % 2 == 0 ? first + 5000 : first);
        expect_move("port", std::to_string(next));
        expect_service({"127.0.0.1", next});
        expect_nobody({"127.0.0.1", before});
        before = next;
    }
    ASSERT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.finish(), "");
    EXPECT_EQ(service_.stat("connections_accepted"), 10U + static_cast<unsigned>(moves));
}

TEST_F(Address, portMovesUnderAStormOfNewClients) {
    // Whoever was let in by the old socket is served, also where it had not been accepted yet.
    const auto other = static_cast<std::uint16_t>(port_ + 5000);
    std::vector<Descriptor> clients;
    for (int i = 0; i < sized(100, 8, 1000); i++) {
        const bool there = i % 2 == 0;
        auto socket = connect_to({"127.0.0.1", there ? port_ : other});
        ASSERT_TRUE(socket.ok()) << socket.text();
        expect_move("port", std::to_string(there ? other : port_));
        clients.push_back(std::move(socket).value());
    }
    for (const auto &socket : clients) {
        const auto answer = round_trip(socket, "still mine?");
        ASSERT_TRUE(answer.ok()) << answer.text();
    }
}

TEST_F(Address, takenPortKeepsTheOldOneServing) {
    const auto taken = fresh_port();
    const auto occupant = listen_on({"127.0.0.1", taken});
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    Traffic traffic(at(), 4);
    ASSERT_TRUE(traffic.flows());
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(service_.set("port", taken).code(), EADDRINUSE);
    EXPECT_EQ(service_.number("port"), port_);
    expect_service();
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(Address, takenAddressKeepsTheOldOneServing) {
    const auto occupant = listen_on({"127.0.0.9", port_});
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    EXPECT_EQ(service_.set("address", "127.0.0.9").code(), EADDRINUSE);
    EXPECT_EQ(service_.set("address", "0.0.0.0").code(), EADDRINUSE);
    EXPECT_EQ(service_.get("address"), "127.0.0.1");
    expect_service();
}

TEST_F(Address, doesNotJoinAnothersSharedPort) {
    // Another's SO_REUSEPORT is not for us, nor ours for it.
    const auto occupant = listen_on({"127.0.0.9", port_}, true);
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    EXPECT_EQ(service_.set("address", "127.0.0.9").code(), EADDRINUSE);
    EXPECT_EQ(service_.set("address", "0.0.0.0").code(), EADDRINUSE);
    EXPECT_EQ(service_.get("address"), "127.0.0.1");
    ASSERT_TRUE(service_.set("address", "127.0.0.2").ok());
    ASSERT_TRUE(service_.set("address", "127.0.0.1").ok());
    EXPECT_EQ(listen_on(at(), true).code(), EADDRINUSE);
    expect_service();
}

TEST_F(Address, sameValueAgainChangesNothing) {
    Traffic traffic(at(), 4);
    ASSERT_TRUE(traffic.flows());
    expect_move("port", std::to_string(port_));
    expect_move("address", "127.0.0.1");
    expect_move("enabled", "1");
    expect_service();
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(Address, movesWhileDown) {
    const auto other = static_cast<std::uint16_t>(port_ + 5000);
    expect_move("enabled", "0");
    expect_nobody(at());
    expect_move("port", std::to_string(other));
    expect_move("address", "127.0.0.3");
    expect_nobody({"127.0.0.3", other});
    expect_move("enabled", "1");
    expect_service({"127.0.0.3", other});
}

TEST_F(Address, takenWhileDownIsFoundAtTheStart) {
    const auto taken = fresh_port();
    const auto occupant = listen_on({"127.0.0.1", taken});
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    expect_move("enabled", "0");
    expect_move("port", std::to_string(taken));
    EXPECT_EQ(service_.set("enabled", 1).code(), EADDRINUSE);
    EXPECT_EQ(service_.get("enabled"), "0");
    expect_move("port", std::to_string(port_));
    expect_move("enabled", "1");
    expect_service();
}

TEST_F(Address, disabledEndsTheConnections) {
    auto idle = client();
    ASSERT_TRUE(round_trip(idle, "hello").ok());
    expect_move("enabled", "0");
    EXPECT_EQ(wait_for_end(idle, patience(seconds(5))), Ending::finished);
    expect_nobody(at());
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    expect_move("enabled", "1");
    expect_service();
}

TEST_F(Address, switchedOnAndOffUnderTraffic) {
    for (int i = 0; i < sized(20, 4, 500); i++) {
        Traffic traffic(at(), 5);
        ASSERT_TRUE(traffic.flows(1000));
        expect_move("enabled", "0");
        EXPECT_EQ(traffic.end(), "");
        EXPECT_TRUE(service_.reaches("connections_active", 0));
        expect_move("enabled", "1");
    }
    expect_service();
}

TEST_F(Address, twoServicesShareAPortOnTwoAddresses) {
    ASSERT_TRUE(new_service("second").ok());
    const Service second("second");
    ASSERT_TRUE(second.set("address", "127.0.0.2").ok());
    ASSERT_TRUE(second.set("port", port_).ok());
    ASSERT_TRUE(second.set("enabled", 1).ok());
    expect_service(at("127.0.0.1"));
    expect_service(at("127.0.0.2"));
    EXPECT_EQ(second.set("address", "127.0.0.1").code(), EADDRINUSE);
    EXPECT_EQ(service_.stat("connections_accepted"), 1U);
    EXPECT_EQ(second.stat("connections_accepted"), 1U);
}

TEST_F(Address, ofADownServiceTakesNothing) {
    ASSERT_TRUE(new_service("second").ok());
    EXPECT_EQ(Service("second").get("enabled"), "0");
    ASSERT_TRUE(Service("second").set("port", port_).ok());
    EXPECT_EQ(Service("second").set("enabled", 1).code(), EADDRINUSE);
    ASSERT_TRUE(delete_service("second").ok());
    EXPECT_FALSE(Service("second").present());
    expect_service();
}

} // namespace
} // namespace kinetd::suite
