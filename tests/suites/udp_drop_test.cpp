// SPDX-License-Identifier: GPL-2.0
/// \file
/// Datagrams that nobody answers: each counts once, as what it was, and is told of.
#include <string>
#include <utility>

#include "support/cpu.hpp"
#include "support/datagram_fixture.hpp"
#include "support/events.hpp"
#include "support/forge.hpp"
#include "support/inside.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

/// In both ways of serving.
class UdpDrop : public UdpEchoTest, public testing::WithParamInterface<const char *> {
protected:
    void SetUp() override {
        UdpEchoTest::SetUp();
        if (!HasFatalFailure()) {
            ASSERT_TRUE(service_.set("exec", GetParam()).ok());
        }
    }
    static bool is_inline() { return std::string_view(GetParam()) == "inline"; }

    /// Moving serves what waits in each socket before it returns, so these are all.
    static DatagramCounts final_counts(const Service &service) {
        EXPECT_TRUE(service.set("address", "127.0.0.1").ok());
        return counts_of(service);
    }
};

/// The datagrams that events of this reason speak of.
std::uint64_t told_of(const std::string &reason) {
    static constexpr std::string_view label = " count=";
    std::uint64_t sum = 0;
    for (const auto &line : split(read_file(Events::tracing + "/trace").value(), '\n'))
        if (line.find("kinetd_datagram_drop: ") != std::string::npos &&
            line.find(" reason=" + reason + " ") != std::string::npos)
            sum += std::stoull(line.substr(line.find(label) + label.size()));
    return sum;
}

TEST_P(UdpDrop, forAWrongChecksum) {
    const Events events;
    ASSERT_TRUE(events.switched_on()) << "no tracepoints of kinetd in " << Events::tracing;
    // Of fewer than 77 bytes UDP itself adds up before it looks for a socket.
    std::uint64_t sent = 0;
    for (const std::size_t size : {100, 1000, 20'000}) {
        ASSERT_TRUE(forge({.source = {"127.0.0.5", 5000},
                           .destination = at(),
                           .payload = std::string(size, 'w'),
                           .checksum = Forgery::Checksum::wrong})
                        .ok());
        sent++;
        EXPECT_TRUE(service_.reaches("datagrams_dropped", sent));
    }
    expect_service();
    EXPECT_EQ(counts().received, sent + 1);
    EXPECT_EQ(counts().dropped, sent);
    EXPECT_EQ(counts().sent, 1U);
    EXPECT_EQ(counts().errors, 0U);
    // The softirq leaves it to UDP, which throws it away as if the queue were full.
    if (!is_inline()) {
        EXPECT_EQ(Events::count("kinetd_datagram_drop",
                                "service=udp_echo source=127.0.0.5 port=5000 reason=checksum "
                                "count=1"),
                  sent);
    }
}

TEST_P(UdpDrop, forAllOfTheLoopbackOnce) {
    const Events events;
    // Each thread has a socket, and each socket is given what goes to all.
    ASSERT_TRUE(pool_.set("threads", 4).ok());
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    const auto socket = datagram_socket(AF_INET, {.broadcast = true}).value();
    constexpr std::uint64_t sent = 5;
    for (std::uint64_t i = 1; i <= sent; i++) {
        ASSERT_TRUE(send_datagram(socket, at("127.255.255.255"), "all of you").ok());
        EXPECT_TRUE(service_.reaches("datagrams_dropped", i)) << counts().dropped;
    }
    EXPECT_EQ(final_counts(service_), (DatagramCounts{sent, 0, sent, 0, sent * 10, 0}));
    EXPECT_EQ(told_of("broadcast"), sent);
    EXPECT_EQ(told_of("multicast"), 0U);
    EXPECT_TRUE(is_silent(socket));
    expect_service();
}

TEST_P(UdpDrop, isNothingThatADiscardDoes) {
    const auto port = fresh_port();
    ASSERT_TRUE(insert_protocol(discard_name, parameters_for(port, "0.0.0.0")).ok());
    const Service discard("udp_discard");
    ASSERT_TRUE(discard.set("exec", GetParam()).ok());
    ASSERT_TRUE(pool_.set("threads", 4).ok());
    const auto socket = datagram_socket(AF_INET, {.broadcast = true}).value();
    for (std::uint64_t i = 1; i <= 5; i++) {
        ASSERT_TRUE(send_datagram(socket, {"127.255.255.255", port}, "all of you").ok());
        EXPECT_TRUE(discard.reaches("datagrams_received", i)) << discard.stat("datagrams_received");
    }
    EXPECT_EQ(final_counts(discard), (DatagramCounts{5, 0, 0, 0, 50, 0}));
}

TEST_P(UdpDrop, notWhereThereIsNoRoute) {
    // That nobody is to be reached is not a rule of ours.
    const auto place = NetworkNamespace::create().value();
    ASSERT_NO_FATAL_FAILURE(
        start_inside(place, {.port = port_, .protocol = "udp_echo", .exec = GetParam()}));
    const Service inside("inside");
    const Events events;
    std::uint64_t sent = 0;
    for (const auto &[kind, net] :
         {std::pair{"prohibit", "10.9"}, {"unreachable", "10.10"}, {"blackhole", "10.11"}}) {
        const auto added = place.run([&, kind = kind, net = net] {
            return run_command(std::string("ip route add ") + kind + " " + net + ".0.0/16").code();
        });
        ASSERT_EQ(added, 0) << kind;
        for (int i = 1; i <= 3; i++) {
            const auto forged = place.run([&, net = net] {
                return forge({.source = {std::string(net) + ".0." + std::to_string(i), 5000},
                              .destination = at()})
                    .code();
            });
            ASSERT_EQ(forged, 0) << kind;
            sent++;
            EXPECT_TRUE(inside.reaches("errors", sent))
                << kind << ": " << testing::PrintToString(counts_of(inside));
        }
    }
    const auto now = counts_of(inside);
    EXPECT_EQ(now.received, sent);
    EXPECT_EQ(now.errors, sent);
    EXPECT_EQ(now.dropped, 0U);
    EXPECT_EQ(now.sent, 0U);
    EXPECT_EQ(Events::count("kinetd_datagram_drop"), 0U);
}

INSTANTIATE_TEST_SUITE_P(By, UdpDrop, testing::Values("thread", "inline"),
                         [](const auto &exec) { return std::string(exec.param); });

class UdpOverflow : public UdpEchoTest {};

TEST_F(UdpOverflow, isToldOf) {
    // What the softirq serves waits in no queue.
    ASSERT_TRUE(service_.set("exec", "thread").ok());
    const Events events;
    ASSERT_TRUE(events.switched_on()) << "no tracepoints of kinetd in " << Events::tracing;
    ASSERT_TRUE(pool_.set("threads", 1).ok());
    ASSERT_NO_FATAL_FAILURE(hold_the_workers_back());
    const OnCpu here(0);
    const auto socket = client();
    // The queue holds some 15 of these.
    EXPECT_TRUE(wait_for(
        [&] {
            EXPECT_GT(send_burst(socket, std::string(60'000, 'f'), 64), 0U);
            (void)take_datagrams(socket);
            return counts().dropped > 0;
        },
        patience(seconds(20))));
    // Who comes while it is full is not served, either; who is served was the last in it.
    EXPECT_TRUE(wait_for([&] { return ask(client(), "and me?", patience(Milliseconds(500))).ok(); },
                         patience(seconds(20))));
    const auto settled = [&] {
        const auto now = counts();
        return now.received == now.sent + now.dropped + now.errors &&
               told_of("overflow") == now.dropped && counts() == now;
    };
    EXPECT_TRUE(wait_for(settled, patience(seconds(20))))
        << told_of("overflow") << " were told of; " << testing::PrintToString(counts());
    // Whose they were, nobody has seen.
    EXPECT_GE(Events::count("kinetd_datagram_drop",
                            "service=udp_echo source=0.0.0.0 port=0 reason=overflow"),
              1U);
}

} // namespace
} // namespace kinetd::suite
