// SPDX-License-Identifier: GPL-2.0
/// \file
/// Limits: the one too many is closed at once and counted, and room made is room again.
#include "support/fixture.hpp"

namespace kinetd::suite {
namespace {

class Limit : public EchoTest {
protected:
    explicit Limit(const std::string &address = "127.0.0.1") : EchoTest(address) {}

    /// A connection that is served stays; returns it.
    Descriptor expect_served(const Endpoint &to, const ConnectOptions &options = {}) {
        auto socket = connect_to(to, options);
        EXPECT_TRUE(socket.ok()) << socket.text();
        if (!socket)
            return {};
        const auto answer = round_trip(*socket, "in?");
        EXPECT_TRUE(answer.ok()) << answer.text();
        return std::move(socket).value();
    }

    std::vector<Descriptor> expect_all_served(std::size_t count) {
        std::vector<Descriptor> sockets(count);
        for (auto &socket : sockets)
            socket = expect_served(at());
        return sockets;
    }

    /// A connection over a limit sees the end of its stream, and is counted nowhere but as refused.
    void expect_refused(const Endpoint &to, const ConnectOptions &options = {}) {
        const auto refused = service_.stat("connections_refused");
        const auto accepted = service_.stat("connections_accepted");
        const auto socket = connect_to(to, options);
        ASSERT_TRUE(socket.ok()) << socket.text();
        EXPECT_EQ(wait_for_end(*socket, patience(seconds(10))), Ending::finished);
        EXPECT_EQ(service_.stat("connections_refused"), refused + 1);
        EXPECT_EQ(service_.stat("connections_accepted"), accepted);
    }

    static ConnectOptions from(const std::string &address) {
        return {.source = Endpoint(address, 0)};
    }
};

TEST_F(Limit, hasDefaults) {
    EXPECT_EQ(service_.number("max_connections"), 16384U);
    EXPECT_EQ(service_.number("max_per_source"), 0U);
}

TEST_F(Limit, ofConnections) {
    ASSERT_TRUE(service_.set("max_connections", 3).ok());
    auto one = expect_served(at());
    auto two = expect_served(at());
    auto three = expect_served(at());
    for (int i = 0; i < 5; i++)
        expect_refused(at());
    EXPECT_TRUE(round_trip(two, "undisturbed").ok());
    three.close();
    ASSERT_TRUE(service_.reaches("connections_active", 2));
    three = expect_served(at());
    expect_refused(at());
}

TEST_F(Limit, loweredEndsNobody) {
    auto sockets = expect_all_served(5);
    ASSERT_TRUE(service_.set("max_connections", 2).ok());
    expect_refused(at());
    for (const auto &socket : sockets)
        EXPECT_TRUE(round_trip(socket, "still in").ok());
    sockets.resize(1);
    ASSERT_TRUE(service_.reaches("connections_active", 1));
    const auto next = expect_served(at());
    expect_refused(at());
}

TEST_F(Limit, liftedLetsEverybodyIn) {
    ASSERT_TRUE(service_.set("max_connections", 1).ok());
    const auto one = expect_served(at());
    expect_refused(at());
    ASSERT_TRUE(service_.set("max_connections", 0).ok());
    auto sockets = expect_all_served(20);
}

TEST_F(Limit, ofASource) {
    ASSERT_TRUE(service_.set("max_per_source", 2).ok());
    auto one = expect_served(at(), from("127.0.0.2"));
    auto two = expect_served(at(), from("127.0.0.2"));
    expect_refused(at(), from("127.0.0.2"));
    // Every other source has its own two.
    const auto three = expect_served(at(), from("127.0.0.3"));
    const auto four = expect_served(at(), from("127.0.0.3"));
    expect_refused(at(), from("127.0.0.3"));
    one.close();
    ASSERT_TRUE(service_.reaches("connections_active", 3));
    one = expect_served(at(), from("127.0.0.2"));
    expect_refused(at(), from("127.0.0.2"));
}

TEST_F(Limit, ofASourceSetWhileItIsThere) {
    // Connections from before the limit was set count against it.
    const auto one = expect_served(at(), from("127.0.0.2"));
    const auto two = expect_served(at(), from("127.0.0.2"));
    ASSERT_TRUE(service_.set("max_per_source", 2).ok());
    expect_refused(at(), from("127.0.0.2"));
    const auto three = expect_served(at(), from("127.0.0.3"));
}

TEST_F(Limit, ofASourceToggled) {
    // A count that is kept only while the limit is on goes wrong when it is switched.
    for (int i = 0; i < 10; i++) {
        ASSERT_TRUE(service_.reaches("connections_active", 0));
        ASSERT_TRUE(service_.set("max_per_source", i % 2).ok());
        const auto one = expect_served(at(), from("127.0.0.2"));
        ASSERT_TRUE(service_.set("max_per_source", (i + 1) % 2).ok());
    }
    ASSERT_TRUE(service_.reaches("connections_active", 0));
    ASSERT_TRUE(service_.set("max_per_source", 1).ok());
    auto one = expect_served(at(), from("127.0.0.2"));
    expect_refused(at(), from("127.0.0.2"));
    one.close();
    ASSERT_TRUE(service_.reaches("connections_active", 0));
    one = expect_served(at(), from("127.0.0.2"));
}

TEST_F(Limit, forgetsSourcesThatLeft) {
    ASSERT_TRUE(service_.set("max_per_source", 1).ok());
    const int sources = sized(200, 40, 200);
    for (int turn = 0; turn < 2; turn++) {
        std::vector<Descriptor> sockets;
        for (int i = 1; i <= sources; i++)
            sockets.push_back(expect_served(at(), from("127.0.7." + std::to_string(i))));
        expect_refused(at(), from("127.0.7.1"));
        sockets.clear();
        ASSERT_TRUE(service_.reaches("connections_active", 0));
    }
    EXPECT_EQ(service_.stat("connections_refused"), 2U);
}

TEST_F(Limit, refusesAStormAndKeepsServing) {
    ASSERT_TRUE(service_.set("max_connections", 10).ok());
    auto sockets = expect_all_served(10);
    const int storm = sized(500, 200, 5000);
    for (int i = 0; i < storm; i++) {
        auto socket = start_connect(at());
        ASSERT_TRUE(socket.ok()) << socket.text();
        if (i % 3 == 0)
            reset(*socket);
    }
    for (const auto &socket : sockets)
        EXPECT_TRUE(round_trip(socket, "undisturbed").ok());
    EXPECT_EQ(service_.active(), 10U);
    EXPECT_EQ(service_.stat("connections_accepted"), 10U);
    sockets.clear();
    ASSERT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_TRUE(wait_for(
        [&] {
            const auto socket = connect_to(at());
            return socket && round_trip(*socket, "room again");
        },
        patience(seconds(10))));
}

class LimitV6 : public Limit {
protected:
    LimitV6() : Limit("::") {}

    void SetUp() override {
        if (!has_ipv6())
            GTEST_SKIP() << "this kernel has no IPv6";
        Limit::SetUp();
        add_address("2001:db8:1::1");
        add_address("2001:db8:1::2");
        add_address("2001:db8:1:1::1");
    }

    static void add_address(const std::string &address) {
        const std::string command =
            "ip -6 addr replace " + address + "/128 dev lo nodad 2>/dev/null";
        ASSERT_EQ(std::system(command.c_str()), 0) << command; // NOLINT(cert-env33-c)
    }
};

TEST_F(LimitV6, countsASlash64AsOneSource) {
    ASSERT_TRUE(service_.set("max_per_source", 2).ok());
    const auto to = at("::1");
    const auto one = expect_served(to, from("2001:db8:1::1"));
    const auto two = expect_served(to, from("2001:db8:1::2"));
    expect_refused(to, from("2001:db8:1::1"));
    expect_refused(to, from("2001:db8:1::2"));
    const auto three = expect_served(to, from("2001:db8:1:1::1"));
    const auto four = expect_served(to, from("::1"));
}

TEST_F(LimitV6, countsAMappedAddressAsItsIPv4Source) {
    // On a dual-stack socket an IPv4 peer is ::ffff:a.b.c.d: all of them share one /64.
    ASSERT_TRUE(service_.set("max_per_source", 1).ok());
    const auto one = expect_served(at("127.0.0.1"), from("127.0.0.2"));
    const auto two = expect_served(at("127.0.0.1"), from("127.0.0.3"));
    expect_refused(at("127.0.0.1"), from("127.0.0.2"));
}

} // namespace
} // namespace kinetd::suite
