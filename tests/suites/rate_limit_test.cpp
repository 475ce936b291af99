// SPDX-License-Identifier: GPL-2.0
/// \file
/// rate_limit_pps: so many answers a second to one source, and no more to all the world than the
/// table of sources has room for.
#include <arpa/inet.h>

#include <array>
#include <cstdio>

#include "support/datagram_fixture.hpp"
#include "support/events.hpp"
#include "support/forge.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

class RateLimit : public UdpEchoTest {
protected:
    static constexpr Milliseconds window{1000};

    void limit_to(int answers) const { ASSERT_TRUE(service_.set("rate_limit_pps", answers).ok()); }

    /// Sends `count` datagrams and returns how many of them were answered.
    [[nodiscard]] std::size_t answers_to(const Descriptor &socket, std::size_t count) const {
        const auto before = counts();
        for (std::size_t i = 0; i < count; i++)
            EXPECT_TRUE(send_datagram(socket, "tick").ok());
        EXPECT_TRUE(service_.reaches("datagrams_received", before.received + count));
        EXPECT_TRUE(wait_for(
            [&] {
                const auto now = counts();
                return now.received == now.sent + now.dropped;
            },
            patience(seconds(5))));
        // An answer is counted before it is sent.
        const auto sent = counts().sent - before.sent;
        std::size_t answers = 0;
        (void)wait_for([&] { return (answers += take_datagrams(socket).size()) >= sent; },
                       patience(seconds(5)));
        return answers;
    }

    /// Whether a second that begins with the first answer lets `limit` of them through, whatever
    /// comes in it. False where the sending took longer than that.
    [[nodiscard]] bool second_holds(const Descriptor &socket, std::size_t limit) const {
        // The first answer of a new second begins it.
        EXPECT_TRUE(
            wait_for([&] { return answers_to(socket, 1) == 1; }, patience(Milliseconds(3000))));
        const Stopwatch watch;
        const auto answers = answers_to(socket, 3 * limit);
        if (watch.elapsed() > window - Milliseconds(100))
            return false;
        EXPECT_EQ(answers, limit - 1);
        return true;
    }
};

TEST_F(RateLimit, isOffAtFirst) {
    EXPECT_EQ(service_.get("rate_limit_pps"), "0");
    EXPECT_EQ(answers_to(client(), 100), 100U);
    EXPECT_EQ(service_.stat("datagrams_dropped"), 0U);
}

TEST_F(RateLimit, countsASecondFromTheFirstAnswer) {
    ASSERT_NO_FATAL_FAILURE(limit_to(10));
    const auto socket = client();
    bool measured = false;
    for (int i = 0; i < 5 && !measured; i++)
        measured = second_holds(socket, 10);
    EXPECT_TRUE(measured) << "no second was long enough for thirty datagrams";
}

TEST_F(RateLimit, givesASecondOneAnswer) {
    ASSERT_NO_FATAL_FAILURE(limit_to(1));
    const auto socket = client();
    const Stopwatch watch;
    std::size_t answers = 0;
    while (watch.elapsed() < Milliseconds(3500))
        answers += answers_to(socket, 1);
    // Each window is a whole second, so that there are at most four in this time.
    const auto seconds_passed = static_cast<std::size_t>(watch.elapsed().count()) / 1000;
    EXPECT_GE(answers, seconds_passed / 2);
    EXPECT_LE(answers, seconds_passed + 1);
    EXPECT_EQ(service_.stat("datagrams_sent"), answers);
}

TEST_F(RateLimit, isToldOf) {
    const Events events;
    ASSERT_NO_FATAL_FAILURE(limit_to(1));
    const auto socket = client();
    const auto answers = answers_to(socket, 20);
    EXPECT_EQ(answers + Events::count("kinetd_datagram_drop"), 20U);
    EXPECT_EQ(Events::count("kinetd_datagram_drop", "reason=rate_limit count=1"),
              service_.stat("datagrams_dropped"));
    EXPECT_GT(service_.stat("datagrams_dropped"), 0U);
}

TEST_F(RateLimit, isOfEachSource) {
    ASSERT_NO_FATAL_FAILURE(limit_to(5));
    // Whose port it is does not matter, whose address it is does.
    const auto one = client({.source = Endpoint("127.0.0.11", 0)});
    const auto same = client({.source = Endpoint("127.0.0.11", 0)});
    const auto other = client({.source = Endpoint("127.0.0.12", 0)});
    bool measured = false;
    for (int i = 0; i < 5 && !measured; i++) {
        EXPECT_TRUE(wait_for([&] { return answers_to(one, 1) == 1; }, patience(seconds(3))));
        const Stopwatch watch;
        const auto answers = answers_to(one, 10) + answers_to(same, 10);
        measured = watch.elapsed() < window - Milliseconds(100);
        if (measured) {
            EXPECT_EQ(answers, 4U);
        }
        EXPECT_GE(answers_to(other, 5), 1U);
    }
    EXPECT_TRUE(measured);
}

TEST_F(RateLimit, countsAPrefixOfIPv6) {
    if (!has_links() || !has_ipv6())
        GTEST_SKIP() << "this kernel has no virtual Ethernet or no IPv6";
    const auto link = Link::create().value();
    expect_set("address", "::");
    ASSERT_NO_FATAL_FAILURE(limit_to(4));
    const auto answered = [this] { return service_.stat("datagrams_sent"); };
    const auto ask_from = [this](const std::vector<std::string> &sources) {
        const auto before = counts();
        for (const auto &source : sources)
            ASSERT_TRUE(forge({.source = {source, 5000}, .destination = at(Link::near_v6)}).ok());
        ASSERT_TRUE(service_.reaches("datagrams_received", before.received + sources.size()));
        ASSERT_TRUE(wait_for(
            [&] {
                const auto now = counts();
                return now.received == now.sent + now.dropped + now.errors;
            },
            patience(seconds(5))));
    };
    bool measured = false;
    for (int i = 0; i < 8 && !measured; i++) {
        const auto prefix = "fd77:0:0:" + std::to_string(i + 1);
        ASSERT_TRUE(run_command("ip -6 route add " + prefix + "::/64 dev " + Link::here).ok());
        ASSERT_TRUE(run_command("ip -6 route add " + prefix + "0::/64 dev " + Link::here).ok());
        const auto before = answered();
        std::vector<std::string> hosts;
        for (int host = 1; host <= 6; host++)
            hosts.push_back(prefix + "::" + std::to_string(host));
        const Stopwatch watch;
        ASSERT_NO_FATAL_FAILURE(ask_from(hosts));
        measured = watch.elapsed() < window - Milliseconds(100);
        if (measured) {
            EXPECT_EQ(answered() - before, 4U) << "all hosts of a /64 are one source";
        }
        const auto then = answered();
        ASSERT_NO_FATAL_FAILURE(ask_from({prefix + "0::1"}));
        EXPECT_EQ(answered(), then + 1) << "another /64 is another";
    }
    EXPECT_TRUE(measured);
}

TEST_F(RateLimit, countsEachOfATrain) {
    ASSERT_NO_FATAL_FAILURE(limit_to(3));
    const auto socket = client();
    ASSERT_TRUE(send_train(socket, std::string(10'000, 't'), 1000).ok());
    ASSERT_TRUE(service_.reaches("datagrams_received", 10));
    EXPECT_TRUE(
        wait_for([this] { return counts().sent + counts().dropped == 10; }, patience(seconds(5))));
    EXPECT_EQ(take_datagrams(socket).size(), 3U);
    EXPECT_EQ(counts(), (DatagramCounts{10, 3, 7, 0, 10'000, 3000}));
}

TEST_F(RateLimit, isSwitchedOffAndOn) {
    const auto socket = client();
    ASSERT_NO_FATAL_FAILURE(limit_to(1));
    EXPECT_LT(answers_to(socket, 50), 50U);
    ASSERT_NO_FATAL_FAILURE(limit_to(0));
    EXPECT_EQ(answers_to(socket, 50), 50U);
    ASSERT_NO_FATAL_FAILURE(limit_to(1));
    EXPECT_LT(answers_to(socket, 50), 50U);
    ASSERT_NO_FATAL_FAILURE(limit_to(1'000'000));
    EXPECT_EQ(answers_to(socket, 50), 50U);
}

TEST_F(RateLimit, isChangedUnderTraffic) {
    DatagramTraffic traffic(at(), 10, {.loss_after = Milliseconds(100)});
    for (int i = 0; i < sized(60, 15, 1000); i++)
        ASSERT_TRUE(service_.set("rate_limit_pps", i % 3 * 500).ok());
    ASSERT_NO_FATAL_FAILURE(limit_to(0));
    EXPECT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.end(), "");
}

/// Datagrams of one socket from each of many addresses of the loopback.
class Crowding {
public:
    explicit Crowding(const Endpoint &to) : to_(to) {}

    /// From the `count` sources after those of the last call; how many were taken by the kernel.
    std::size_t send(std::size_t count) {
        std::size_t taken = 0;
        while (taken < count) {
            const std::size_t some = std::min(count - taken, batch);
            for (std::size_t i = 0; i < some; i++)
                prepare(i);
            const int n = ::sendmmsg(socket_.get(), messages_.data(), some, 0);
            taken += n > 0 ? static_cast<std::size_t>(n) : 0;
        }
        return taken;
    }

    /// Answers come back to this one, and may well be more than it holds.
    [[nodiscard]] std::size_t take() const { return take_datagrams(socket_).size(); }

private:
    static constexpr std::size_t batch = 64;
    using Control = std::array<char, CMSG_SPACE(sizeof(in_pktinfo))>;

    void prepare(std::size_t i) {
        in_pktinfo info{};
        // 127.1.0.0 and on: none of them anybody else's.
        info.ipi_spec_dst.s_addr = htonl(0x7f010000U + next_++);
        auto &header = messages_[i].msg_hdr;
        header = {};
        header.msg_name = const_cast<sockaddr *>(to_.data());
        header.msg_namelen = to_.size();
        header.msg_iov = &payload_;
        header.msg_iovlen = 1;
        header.msg_control = controls_[i].data();
        header.msg_controllen = controls_[i].size();
        cmsghdr *part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = IPPROTO_IP;
        part->cmsg_type = IP_PKTINFO;
        part->cmsg_len = CMSG_LEN(sizeof info);
        std::memcpy(CMSG_DATA(part), &info, sizeof info);
    }

    Endpoint to_;
    Descriptor socket_ = datagram_socket(AF_INET, {.receive_buffer = 64 << 20}).value();
    std::uint32_t next_ = 1;
    std::array<char, 4> bytes_{'m', 'a', 'n', 'y'};
    iovec payload_{bytes_.data(), bytes_.size()};
    std::array<mmsghdr, batch> messages_{};
    alignas(cmsghdr) std::array<Control, batch> controls_{};
};

TEST_F(RateLimit, ofMoreSourcesThanCanBeWatched) {
    // The table has places for 32768 sources, eight for each value of a hash. Long before it is
    // full some values have got more than eight sources: about fourteen of them, where a crowd
    // of 12000 comes within a second. The debug kernel does not take so many in that time.
    constexpr std::size_t large = 12'000;
    const auto crowd = sized(large, std::size_t{400}, large);
    constexpr std::size_t part = 400;
    const Events events;
    expect_set("address", "0.0.0.0");
    ASSERT_NO_FATAL_FAILURE(limit_to(1));
    Crowding crowding(at());
    const Stopwatch watch;
    for (std::size_t sent = 0; sent < crowd; sent += part) {
        (void)crowding.send(part);
        // No more on the way than surely fit a queue.
        ASSERT_TRUE(wait_for([&] { return counts().received >= sent; }, patience(seconds(5))));
    }
    ASSERT_TRUE(service_.reaches("datagrams_received", crowd));
    const bool in_time = watch.elapsed() < window;
    EXPECT_TRUE(
        wait_for([&] { return counts().sent + counts().dropped == crowd; }, patience(seconds(5))));
    std::printf("  %lu of %zu sources were refused, in %ld ms\n",
                static_cast<unsigned long>(counts().dropped), crowd,
                static_cast<long>(watch.elapsed().count()));
    EXPECT_EQ(crowding.take(), counts().sent);
    EXPECT_GT(counts().sent, crowd / 2);
    EXPECT_EQ(Events::count("kinetd_datagram_drop", "reason=rate_limit"), 0U);
    if (in_time && crowd == large) {
        EXPECT_GT(Events::count("kinetd_datagram_drop", "reason=too_many_sources"), 0U);
    }
    // A second later all of the places are free again.
    EXPECT_TRUE(wait_for([this] { return answers_to(client(), 1) == 1; }, patience(seconds(3))));
}

TEST_F(RateLimit, boundsALoopWithAnothersChargen) {
    // One that answers everything, and more of it than it got, on a port that may be a client's.
    constexpr std::size_t limit = 20;
    ASSERT_NO_FATAL_FAILURE(limit_to(limit));
    const auto chargen = datagram_socket(AF_INET, {.source = Endpoint("127.0.0.1", 0)}).value();
    ASSERT_TRUE(forge({.source = local_endpoint(chargen), .destination = at()}).ok());
    const Stopwatch watch;
    std::uint64_t turns = 0;
    while (watch.elapsed() < Milliseconds(2500)) {
        const auto caught = receive_datagram(chargen, Milliseconds(100));
        if (!caught)
            continue;
        turns++;
        for (int i = 0; i < 2; i++)
            ASSERT_TRUE(send_datagram(chargen, at(), std::string(74, 'c')).ok());
    }
    EXPECT_GT(turns, 0U);
    EXPECT_LE(turns, limit * (static_cast<std::uint64_t>(watch.elapsed().count()) / 1000 + 1));
    // On its own port it is not answered at all.
    const auto before = service_.stat("datagrams_sent");
    ASSERT_TRUE(forge({.source = {"127.0.0.1", 19}, .destination = at()}).ok());
    EXPECT_TRUE(wait_for([this] { return counts().received == counts().sent + counts().dropped; },
                         patience(seconds(5))));
    EXPECT_EQ(service_.stat("datagrams_sent"), before);
}

} // namespace
} // namespace kinetd::suite
