// SPDX-License-Identifier: GPL-2.0
/// \file
/// A word to a third party on each datagram that comes.
#include <algorithm>

#include "support/datagram_fixture.hpp"
#include "support/events.hpp"
#include "support/forge.hpp"

namespace kinetd::suite {
namespace {

using namespace std::string_view_literals;

class UdpNotify : public DatagramTest {
protected:
    UdpNotify() : DatagramTest(notify_name, "udp_notify") {}

    /// Has it tell this socket.
    void aim_at(const Descriptor &target) const {
        const auto where = local_endpoint(target);
        ASSERT_TRUE(service_.set("target_address", where.address()).ok());
        ASSERT_TRUE(service_.set("target_port", where.port()).ok());
    }

    static Descriptor listener(const std::string &address = "127.0.0.1") {
        return datagram_socket(Endpoint(address, 0).family(), {.source = Endpoint(address, 0)})
            .value();
    }

    void expect_word(const Descriptor &target, const std::string &word) const {
        const auto told = receive_datagram(target);
        ASSERT_TRUE(told.ok()) << told.text();
        EXPECT_EQ(told->bytes, word);
        EXPECT_EQ(told->from.port(), port_) << "from the service's own port";
    }

    void expect_refused(const std::string &attribute, std::string_view bytes) const {
        const auto before = service_.get(attribute);
        EXPECT_EQ(service_.set_raw(attribute, bytes).code(), EINVAL)
            << attribute << "=\"" << bytes.substr(0, 40) << "\"";
        EXPECT_EQ(service_.get(attribute), before);
    }
};

TEST_F(UdpNotify, tellsItsTarget) {
    const auto target = listener();
    ASSERT_NO_FATAL_FAILURE(aim_at(target));
    ASSERT_TRUE(service_.set("message", "somebody came").ok());
    const auto socket = client();
    ASSERT_TRUE(send_datagram(socket, "knock").ok());
    expect_word(target, "somebody came");
    ASSERT_TRUE(send_datagram(socket, "").ok());
    expect_word(target, "somebody came");
    EXPECT_EQ(counts(), (DatagramCounts{2, 2, 0, 0, 5, 26}));
    EXPECT_TRUE(is_silent(socket)) << "who came is told nothing";
}

TEST_F(UdpNotify, hasNoTargetAtFirst) {
    const Events events;
    EXPECT_EQ(service_.get("target_port"), "0");
    const auto socket = client();
    for (int i = 0; i < 5; i++)
        ASSERT_TRUE(send_datagram(socket, "knock").ok());
    EXPECT_TRUE(service_.reaches("datagrams_dropped", 5));
    EXPECT_EQ(service_.stat("datagrams_sent"), 0U);
    EXPECT_EQ(Events::count("kinetd_datagram_drop", "reason=no_target"), 5U);
    EXPECT_TRUE(is_silent(socket));
}

TEST_F(UdpNotify, messages) {
    const auto target = listener();
    ASSERT_NO_FATAL_FAILURE(aim_at(target));
    ASSERT_TRUE(service_.set("rate_limit_pps", 0).ok());
    for (const std::string &message : {std::string("x"), std::string("two words"),
                                       std::string("\xc3\xa4"), std::string(1024, 'm')}) {
        const auto written = service_.set("message", message);
        ASSERT_TRUE(written.ok()) << message.size() << ": " << written.text();
        EXPECT_EQ(service_.get("message"), message);
        ASSERT_TRUE(send_datagram(client(), "knock").ok());
        expect_word(target, message);
    }
    expect_refused("message", std::string(1025, 'm'));
    expect_refused("message", std::string(1025, 'm') + "\n");
    expect_refused("message", std::string(4000, 'm'));
    expect_refused("message", "\n");
}

TEST_F(UdpNotify, badTargets) {
    for (const std::string_view bad : {"65536\n"sv, "-1\n"sv, "x\n"sv, "\n"sv, "1 2\n"sv, "1\0"sv,
                                       "0x10\n"sv, "99999999999\n"sv})
        expect_refused("target_port", bad);
    for (const std::string_view bad :
         {"x\n"sv, "127.0.0.256\n"sv, "localhost\n"sv, "\n"sv, "127.0.0.1:9\n"sv, "::g\n"sv,
          "224.0.0.1\n"sv, "255.255.255.255\n"sv, "ff02::1\n"sv, "127.0.0.1\0\n"sv})
        expect_refused("target_address", bad);
    EXPECT_TRUE(service_.set("target_port", 65535).ok());
    EXPECT_TRUE(service_.set("target_port", 0).ok());
    EXPECT_TRUE(service_.set("target_address", "127.0.0.2").ok());
}

TEST_F(UdpNotify, targetsOfIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    ASSERT_TRUE(service_.set("address", "::").ok());
    const auto target = listener("::1");
    ASSERT_NO_FATAL_FAILURE(aim_at(target));
    ASSERT_TRUE(service_.set("message", "six").ok());
    ASSERT_TRUE(send_datagram(client(), "knock").ok());
    expect_word(target, "six");
    // The family of who came is another matter than that of who is told.
    ASSERT_TRUE(send_datagram(datagram_to(at("::1")).value(), "knock").ok());
    expect_word(target, "six");
}

TEST_F(UdpNotify, isLimitedAtFirst) {
    EXPECT_EQ(service_.get("rate_limit_pps"), "100");
    const auto target = listener();
    ASSERT_NO_FATAL_FAILURE(aim_at(target));
    ASSERT_TRUE(service_.set("message", "again").ok());
    // Whoever comes, the target gets no more than its hundred in a second.
    const Stopwatch watch;
    constexpr std::size_t knocks = 200; // no more than the target's queue holds
    for (std::size_t i = 1; i <= knocks; i++)
        ASSERT_TRUE(
            send_datagram(client({.source = Endpoint("127.0.2." + std::to_string(i), 0)}), "knock")
                .ok());
    EXPECT_TRUE(service_.reaches("datagrams_received", knocks));
    EXPECT_TRUE(wait_for([this] { return counts().sent + counts().dropped == knocks; },
                         patience(seconds(5))));
    const auto windows = static_cast<std::uint64_t>(watch.elapsed().count()) / 1000 + 1;
    EXPECT_GE(counts().sent, 100U);
    EXPECT_LE(counts().sent, 100 * windows);
    EXPECT_EQ(take_datagrams(target).size(), counts().sent);
}

TEST_F(UdpNotify, obeysTheRulesOfReflectors) {
    const auto target = listener();
    ASSERT_NO_FATAL_FAILURE(aim_at(target));
    ASSERT_TRUE(service_.set("message", "x").ok());
    for (const Endpoint &source : {Endpoint("127.0.0.1", 0), Endpoint("127.0.0.1", 7), at(),
                                   Endpoint("255.255.255.255", 5000), Endpoint("224.0.0.1", 5000)})
        ASSERT_TRUE(forge({.source = source, .destination = at()}).ok());
    EXPECT_TRUE(service_.reaches("datagrams_dropped", 5));
    EXPECT_EQ(service_.stat("datagrams_sent"), 0U);
    EXPECT_TRUE(is_silent(target));
}

TEST_F(UdpNotify, doesNotTellAnotherOfItsKind) {
    // Two of them told to tell each other would never cease.
    ASSERT_TRUE(new_service("other", "udp_notify").ok());
    const Service other("other");
    const auto port = fresh_port();
    for (const auto &service : {service_, other}) {
        ASSERT_TRUE(service.set("rate_limit_pps", 0).ok());
        ASSERT_TRUE(service.set("target_address", "127.0.0.1").ok());
    }
    ASSERT_TRUE(other.set("port", port).ok());
    ASSERT_TRUE(other.set("enabled", 1).ok());
    ASSERT_TRUE(other.set("target_port", port_).ok());
    ASSERT_TRUE(service_.set("target_port", port).ok());
    ASSERT_TRUE(send_datagram(client(), "knock").ok());
    EXPECT_TRUE(
        wait_for([&] { return counts_of(service_).dropped + counts_of(other).dropped >= 1; },
                 patience(seconds(5))));
    EXPECT_LE(counts_of(service_).sent + counts_of(other).sent, 1U);
}

TEST_F(UdpNotify, aTargetThatIsGone) {
    auto target = listener();
    ASSERT_NO_FATAL_FAILURE(aim_at(target));
    target.close();
    for (int i = 0; i < 50; i++)
        ASSERT_TRUE(send_datagram(client(), "knock").ok());
    EXPECT_TRUE(service_.reaches("datagrams_sent", 50));
    const auto next = listener();
    ASSERT_NO_FATAL_FAILURE(aim_at(next));
    ASSERT_TRUE(service_.set("rate_limit_pps", 0).ok());
    ASSERT_TRUE(send_datagram(client(), "knock").ok());
    EXPECT_TRUE(receive_datagram(next).ok());
}

TEST_F(UdpNotify, settingsChangeWhileItTells) {
    const auto target = listener();
    ASSERT_NO_FATAL_FAILURE(aim_at(target));
    ASSERT_TRUE(service_.set("rate_limit_pps", 0).ok());
    const std::vector<std::string> words{"a", std::string(1024, 'b'), "ccc"};
    ASSERT_TRUE(service_.set("message", words[0]).ok());
    std::atomic<bool> done = false;
    std::thread sender([&] {
        const auto socket = client();
        while (!done)
            (void)send_datagram(socket, "knock");
    });
    // Each word that is told is one of them, whole, and before long it is the new one.
    const auto hears = [&](const std::string &word) {
        const Deadline deadline(patience(seconds(10)));
        while (!deadline.passed()) {
            const auto told = receive_datagram(target);
            if (!told)
                return false;
            EXPECT_EQ(std::ranges::count(words, told->bytes), 1) << told->bytes.substr(0, 40);
            if (told->bytes == word)
                return true;
        }
        return false;
    };
    for (int i = 0; i < sized(200, 30, 5000) && !HasFailure(); i++) {
        const auto &word = words[static_cast<std::size_t>(i) % 3];
        EXPECT_TRUE(service_.set("message", word).ok());
        if (i % 4 == 0) {
            EXPECT_TRUE(hears(word)) << "turn " << i;
        }
    }
    done = true;
    sender.join();
}

} // namespace
} // namespace kinetd::suite
