// SPDX-License-Identifier: GPL-2.0
/// \file
/// A reflector is nobody's weapon: whom it does not answer, and that it says so.
#include <optional>

#include "support/datagram_fixture.hpp"
#include "support/events.hpp"
#include "support/forge.hpp"
#include "support/inside.hpp"
#include "support/kind.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

/// The rules are the same for each protocol that answers.
class Reflector : public DatagramTest, public testing::WithParamInterface<Kind> {
protected:
    Reflector() : DatagramTest(GetParam().module, GetParam().protocol) {}

    void SetUp() override {
        DatagramTest::SetUp();
        // What goes to a group goes to each socket, and a thread has one.
        if (!HasFatalFailure()) {
            ASSERT_TRUE(pool_.set("threads", 1).ok());
        }
        events_.emplace();
        ASSERT_TRUE(events_->switched_on()) << "no tracepoints of kinetd in " << Events::tracing;
    }

    /// Whatever `deed` sends is dropped for this reason: no answer, counted, and told of.
    template <class Deed>
    void expect_drop(const std::string &reason, const std::string &source, Deed deed) const {
        const auto before = counts();
        const auto told = source + " reason=" + reason + " count=1";
        const auto told_before = Events::count("kinetd_datagram_drop", told);
        const Status done = deed();
        ASSERT_TRUE(done.ok()) << done.text();
        EXPECT_TRUE(service_.reaches("datagrams_dropped", before.dropped + 1, patience(seconds(3))))
            << told << ": " << testing::PrintToString(counts()) << ", before "
            << testing::PrintToString(before);
        EXPECT_EQ(service_.stat("datagrams_received"), before.received + 1) << told;
        EXPECT_EQ(service_.stat("datagrams_sent"), before.sent) << told;
        EXPECT_TRUE(
            wait_for([&] { return Events::count("kinetd_datagram_drop", told) == told_before + 1; },
                     patience(seconds(1))))
            << told << " was not told of";
    }

    void expect_drop(const std::string &reason, const Endpoint &source,
                     const Endpoint &destination) const {
        expect_drop(reason, text_of(source),
                    [&] { return forge({.source = source, .destination = destination}); });
    }
    void expect_drop(const std::string &reason, const Endpoint &source) const {
        expect_drop(reason, source, at());
    }

    /// As the event says it.
    [[nodiscard]] std::string text_of(const Endpoint &source) const {
        return std::string("service=") + GetParam().protocol + " source=" + source.address() +
               " port=" + std::to_string(source.port());
    }

    void expect_answer(const DatagramOptions &options = {}) const {
        const auto socket = client(options);
        ASSERT_TRUE(send_datagram(socket, "hello").ok());
        const auto answer = receive_datagram(socket);
        EXPECT_TRUE(answer.ok()) << answer.text();
    }

    static DatagramOptions from_port(std::uint16_t port) {
        return {.source = Endpoint("127.0.0.1", port)};
    }

    std::optional<Events> events_;
};

TEST_P(Reflector, sourcePortZero) {
    expect_drop("source_port_zero", {"127.0.0.1", 0});
    ASSERT_TRUE(service_.set("min_source_port", 0).ok());
    expect_drop("source_port_zero", {"127.0.0.1", 0});
}

TEST_P(Reflector, lowSourcePorts) {
    EXPECT_EQ(service_.get("min_source_port"), "1024");
    for (const std::uint16_t port : {1, 7, 19, 53, 1023}) {
        const auto socket = client(from_port(port));
        expect_drop("low_source_port", text_of({"127.0.0.1", port}),
                    [&] { return send_datagram(socket, "hello"); });
        EXPECT_TRUE(is_silent(socket));
    }
    expect_answer(from_port(1024));
}

TEST_P(Reflector, lowSourcePortsAreASetting) {
    ASSERT_TRUE(service_.set("min_source_port", 0).ok());
    expect_answer(from_port(1));
    expect_answer(from_port(1023));
    ASSERT_TRUE(service_.set("min_source_port", 65535).ok());
    expect_drop("low_source_port", {"127.0.0.1", 65534});
    expect_answer(from_port(65535));
    ASSERT_TRUE(service_.set("min_source_port", 5000).ok());
    expect_drop("low_source_port", {"127.0.0.1", 4999});
    expect_answer(from_port(5000));
}

TEST_P(Reflector, itself) {
    expect_drop("own_service", at());
    expect_drop("own_service", {"127.0.0.1", port_}, {"127.0.0.1", port_});
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    expect_drop("own_service", at());
    expect_drop("own_service", at("127.4.5.6"));
    expect_drop("own_service", at("127.4.5.6"), at("127.6.5.4"));
    if (!has_ipv6())
        return;
    ASSERT_TRUE(service_.set("address", "::").ok());
    expect_drop("own_service", at("127.4.5.6"));
    expect_drop("own_service", at("::1"), at("::1"));
}

TEST_P(Reflector, anotherServiceOfItsKind) {
    ASSERT_TRUE(new_service("other", GetParam().protocol).ok());
    const Service other("other");
    const std::uint16_t port = fresh_port();
    ASSERT_TRUE(other.set("port", port).ok());
    ASSERT_TRUE(other.set("address", "127.0.0.3").ok());
    // It is down as yet, and then its port is anybody's.
    EXPECT_TRUE(forge({.source = {"127.0.0.3", port}, .destination = at()}).ok());
    EXPECT_TRUE(service_.reaches("datagrams_sent", 1));
    ASSERT_TRUE(other.set("enabled", 1).ok());
    expect_drop("own_service", {"127.0.0.3", port});
    ASSERT_TRUE(other.set("address", "0.0.0.0").ok());
    expect_drop("own_service", {"127.0.0.3", port});
    expect_drop("own_service", {"127.0.0.4", port});
    ASSERT_TRUE(delete_service("other", GetParam().protocol).ok());
    expect_answer(from_port(port));
}

TEST_P(Reflector, aServiceOfAnotherProtocol) {
    const auto port = fresh_port();
    ASSERT_TRUE(insert_protocol(discard_name, parameters_for(port)).ok());
    expect_drop("own_service", {"127.0.0.1", port});
    ASSERT_TRUE(Service("udp_discard").set("enabled", 0).ok());
    // TCP's ports are others: what serves there may have a namesake.
    expect_answer(from_port(port));
}

TEST_P(Reflector, twoOfThemPointedAtEachOther) {
    ASSERT_TRUE(new_service("other", GetParam().protocol).ok());
    const Service other("other");
    const auto port = fresh_port();
    ASSERT_TRUE(other.set("port", port).ok());
    ASSERT_TRUE(other.set("enabled", 1).ok());
    for (int i = 0; i < 20; i++) {
        ASSERT_TRUE(forge({.source = {"127.0.0.1", port}, .destination = at()}).ok());
        ASSERT_TRUE(forge({.source = at(), .destination = {"127.0.0.1", port}}).ok());
    }
    EXPECT_TRUE(service_.reaches("datagrams_dropped", 20));
    EXPECT_TRUE(other.reaches("datagrams_dropped", 20));
    EXPECT_EQ(service_.stat("datagrams_sent") + other.stat("datagrams_sent"), 0U);
}

TEST_P(Reflector, aServiceInAnotherNamespace) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    const auto port = fresh_port();
    ASSERT_NO_FATAL_FAILURE(start_inside(
        link.far(),
        {.port = port, .name = "far", .protocol = GetParam().protocol, .address = "0.0.0.0"}));
    const Service far("far");
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    const auto from_far = [&](const Endpoint &source) {
        const Forgery forgery{.source = source, .destination = at(Link::near_v4)};
        const int code = link.far().run([&] { return forge(forgery).code(); });
        return code == 0 ? Status(Done{}) : Status(Error{code, "forge"});
    };
    const Endpoint theirs(Link::far_v4, port);
    expect_drop("own_service", text_of(theirs), [&] { return from_far(theirs); });
    // The loopback of another namespace is another host's.
    expect_answer(from_port(port));
}

TEST_P(Reflector, sourcesThatAreManyHosts) {
    expect_drop("broadcast", {"255.255.255.255", 5000});
    expect_drop("broadcast", {"127.255.255.255", 5000});
    expect_drop("multicast", {"224.0.0.1", 5000});
    expect_drop("multicast", {"239.255.255.250", 1900});
    expect_answer();
}

TEST_P(Reflector, aSourceThatIsAGroupOverIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    // The kernel itself lets none in; what counts is that nothing goes out.
    ASSERT_TRUE(service_.set("address", "::").ok());
    const auto before = counts();
    for (const char *source : {"ff02::1", "ff05::2"})
        (void)forge({.source = {source, 5000}, .destination = at("::1")});
    expect_drop("multicast", {"::", 5000}, at("::1"));
    EXPECT_EQ(service_.stat("datagrams_sent"), before.sent);
}

TEST_P(Reflector, destinationsThatAreManyHosts) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    const auto send_far = [&](const std::string &to, const char *from) {
        return link.far().run([&] {
            const auto socket = datagram_socket(
                Endpoint(from, 0).family(), {.source = Endpoint(from, 5000), .broadcast = true});
            return send_datagram(*socket, at(to), "hello, all of you").code();
        });
    };
    const auto expect_group_drop = [&](const std::string &reason, const std::string &to,
                                       const char *from) {
        expect_drop(reason, text_of({from, 5000}), [&] {
            const int code = send_far(to, from);
            return code == 0 ? Status(Done{}) : Status(Error{code, "to " + to});
        });
    };
    expect_group_drop("broadcast", "255.255.255.255", Link::far_v4);
    expect_group_drop("broadcast", "10.77.0.255", Link::far_v4);
    expect_group_drop("multicast", "224.0.0.1", Link::far_v4);
    if (has_ipv6()) {
        ASSERT_TRUE(service_.set("address", "::").ok());
        expect_group_drop("multicast", std::string("ff02::1%") + Link::there, Link::far_v6);
        expect_group_drop("broadcast", "10.77.0.255", Link::far_v4);
    }
    // To one of many is to none of the others.
    EXPECT_EQ(send_far(Link::near_v4, Link::far_v4), 0);
    EXPECT_TRUE(service_.reaches("datagrams_sent", 1));
}

TEST_P(Reflector, isNeverSilentToTheHonest) {
    // Refused ones do not count against those who may be answered.
    for (int i = 0; i < 50; i++)
        ASSERT_TRUE(forge({.source = {"127.0.0.1", 0}, .destination = at()}).ok());
    expect_answer();
    EXPECT_TRUE(service_.reaches("datagrams_dropped", 50));
    EXPECT_EQ(service_.stat("datagrams_sent"), 1U);
    EXPECT_EQ(service_.stat("errors"), 0U);
}

INSTANTIATE_TEST_SUITE_P(Of, Reflector,
                         testing::Values(Kind{udp_echo_name, "udp_echo"},
                                         Kind{daytime_name, "udp_daytime"},
                                         Kind{time_name, "udp_time"}),
                         name_of);

} // namespace
} // namespace kinetd::suite
