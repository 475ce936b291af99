// SPDX-License-Identifier: GPL-2.0
/// \file
/// The time of day over UDP, in words (RFC 867) and as a number (RFC 868).
#include <arpa/inet.h>

#include <ctime>

#include "support/datagram_fixture.hpp"
#include "support/moment.hpp"
#include "support/wall_clock.hpp"

namespace kinetd::suite {
namespace {

/// What both have in common: an empty question, and an answer of one datagram.
class ClockTest : public DatagramTest {
protected:
    using DatagramTest::DatagramTest;

    [[nodiscard]] static std::string answer_of(const Endpoint &where, std::string_view question) {
        const auto socket = datagram_to(where).value();
        send_datagram(socket, question).value();
        const auto got = receive_datagram(socket).value();
        EXPECT_EQ(got.from, where);
        return got.bytes;
    }
    [[nodiscard]] std::string answer(std::string_view question = "") const {
        return answer_of(at(), question);
    }

    /// What `say` makes of the time is answered to both families.
    void expect_over_ipv6(std::string (*say)(std::time_t)) const {
        for (const char *address : {"::", "::1"}) {
            ASSERT_TRUE(service_.set("address", address).ok());
            for (const std::string &question : {std::string(), std::string(2000, '?')}) {
                const auto asked = wall_time();
                const auto told = answer_of(at("::1"), question);
                EXPECT_TRUE(was_said(told, say, asked)) << told;
            }
        }
        EXPECT_EQ(counts(), (DatagramCounts{4, 4, 0, 0, 4000, 4 * say(0).size()}));
        ASSERT_TRUE(service_.set("address", "::").ok());
        const auto asked = wall_time();
        EXPECT_TRUE(was_said(answer(), say, asked));
    }

    void expect_whatever_is_asked() const {
        const auto size = answer().size();
        for (const auto &question : {std::string("?"), std::string(1473, 'q'),
                                     std::string(largest_v4, 'q'), std::string("\0\n", 2)})
            EXPECT_EQ(answer(question).size(), size);
        const auto now = counts();
        EXPECT_EQ(now.received, 5U);
        EXPECT_EQ(now.sent, 5U);
        EXPECT_EQ(now.bytes_received, 1 + 1473 + largest_v4 + 2);
        EXPECT_EQ(now.bytes_sent, 5 * size);
    }
};

class UdpTime : public ClockTest {
protected:
    UdpTime() : ClockTest(time_name, "udp_time") {}

    /// From 1900 to 1970.
    static constexpr std::uint64_t epoch = 2'208'988'800;

    [[nodiscard]] std::uint32_t told() const {
        const auto bytes = answer();
        std::uint32_t number = 0;
        EXPECT_EQ(bytes.size(), sizeof number);
        std::memcpy(&number, bytes.data(), std::min(sizeof number, bytes.size()));
        return ntohl(number);
    }
    static std::uint32_t expected() {
        return static_cast<std::uint32_t>(static_cast<std::uint64_t>(std::time(nullptr)) + epoch);
    }
    void expect_right() const {
        const auto before = expected();
        const auto number = told();
        EXPECT_LE(number - before, expected() - before) << number << " is not in between";
    }
};

TEST_F(UdpTime, isRight) {
    for (int i = 0; i < 10; i++)
        expect_right();
}

TEST_F(UdpTime, whateverIsAsked) {
    expect_whatever_is_asked();
}

TEST_F(UdpTime, overIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_over_ipv6(time_word);
}

TEST_F(UdpTime, afterItHasWrapped) {
    // 2036-02-07 06:28:16: the number begins at 0 again.
    constexpr std::time_t wrap = (std::time_t{1} << 32) - static_cast<std::time_t>(epoch);
    const WallClock clock;
    for (const std::time_t when : {wrap - 1, wrap, wrap + 1, wrap + 1'000'000'000}) {
        ASSERT_TRUE(WallClock::set(when).ok());
        expect_right();
    }
    ASSERT_TRUE(WallClock::set(wrap + 100).ok());
    EXPECT_LT(told(), 200U);
}

class UdpDaytime : public ClockTest {
protected:
    UdpDaytime() : ClockTest(daytime_name, "udp_daytime") {}
};

TEST_F(UdpDaytime, isALine) {
    const auto line = answer();
    ASSERT_GE(line.size(), 10U);
    EXPECT_EQ(line.substr(line.size() - 2), "\r\n");
    for (const char c : line.substr(0, line.size() - 2))
        EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
}

TEST_F(UdpDaytime, whateverIsAsked) {
    expect_whatever_is_asked();
}

TEST_F(UdpDaytime, overIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_over_ipv6(daytime_line);
}

TEST_F(UdpDaytime, tellsTheTimeOfTheGuest) {
    struct {
        std::time_t when;
        const char *line;
    } const moments[] = {
        {2'087'901'296, "Fri Feb 29 12:34:56 2036\r\n"}, // a day that not every year has
        {946'684'799, "Fri Dec 31 23:59:59 1999\r\n"},
        {4'107'542'400, "Mon Mar  1 00:00:00 2100\r\n"}}; // where there is no 29 February
    const WallClock clock;
    for (const auto &[when, line] : moments) {
        ASSERT_EQ(daytime_line(when), line);
        ASSERT_TRUE(WallClock::set(when).ok());
        const auto told = answer();
        EXPECT_TRUE(was_said(told, daytime_line, when)) << told << "instead of " << line;
    }
}

TEST_F(UdpDaytime, goesOn) {
    const auto first = answer();
    EXPECT_TRUE(wait_for([&] { return answer() != first; }, patience(seconds(5))));
}

} // namespace
} // namespace kinetd::suite
