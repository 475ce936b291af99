// SPDX-License-Identifier: GPL-2.0
/// \file
/// The time of day over UDP, in words (RFC 867) and as a number (RFC 868).
#include <arpa/inet.h>

#include <ctime>
#include <regex>

#include "support/datagram_fixture.hpp"

namespace kinetd::suite {
namespace {

/// Sets the guest's clock for a while.
class OtherTime {
public:
    explicit OtherTime(std::time_t when) {
        const timespec then{when, 0};
        ::clock_gettime(CLOCK_REALTIME, &before_);
        set_ = ::clock_settime(CLOCK_REALTIME, &then) == 0;
    }
    ~OtherTime() {
        const auto passed = std::chrono::duration_cast<std::chrono::seconds>(watch_.elapsed());
        before_.tv_sec += passed.count();
        (void)::clock_settime(CLOCK_REALTIME, &before_);
    }
    OtherTime(const OtherTime &) = delete;
    OtherTime &operator=(const OtherTime &) = delete;

    [[nodiscard]] bool is_set() const { return set_; }

private:
    timespec before_{};
    Stopwatch watch_;
    bool set_ = false;
};

/// What both have in common: an empty question, and an answer of one datagram.
class ClockTest : public DatagramTest {
protected:
    using DatagramTest::DatagramTest;

    [[nodiscard]] std::string answer(std::string_view question = "") const {
        const auto socket = client();
        send_datagram(socket, question).value();
        const auto got = receive_datagram(socket).value();
        EXPECT_EQ(got.from, at());
        return got.bytes;
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

TEST_F(UdpTime, afterItHasWrapped) {
    // 2036-02-07 06:28:16: the number begins at 0 again.
    constexpr std::time_t wrap = (std::time_t{1} << 32) - static_cast<std::time_t>(epoch);
    for (const std::time_t when : {wrap - 1, wrap, wrap + 1, wrap + 1'000'000'000}) {
        const OtherTime other(when);
        ASSERT_TRUE(other.is_set());
        expect_right();
    }
    const OtherTime other(wrap + 100);
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

TEST_F(UdpDaytime, tellsTheTimeOfTheGuest) {
    // 2036-02-29 12:34:56, a day that not every year has; in 2100 there is none.
    struct {
        std::time_t when;
        const char *day;
        const char *year;
        const char *time;
    } const moments[] = {{2'087'901'296, "29", "2036", "12:34:5"},
                         {946'684'799 - 5, "31", "1999", "23:59:5"},
                         {4'107'542'400, "1", "2100", "00:00:0"}};
    for (const auto &moment : moments) {
        const OtherTime other(moment.when);
        ASSERT_TRUE(other.is_set());
        const auto line = answer();
        for (const char *part : {moment.day, moment.year, moment.time})
            EXPECT_NE(line.find(part), std::string::npos) << part << " is not in " << line;
    }
}

TEST_F(UdpDaytime, goesOn) {
    const auto first = answer();
    EXPECT_TRUE(wait_for([&] { return answer() != first; }, patience(seconds(5))));
}

} // namespace
} // namespace kinetd::suite
