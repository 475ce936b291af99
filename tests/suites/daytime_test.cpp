// SPDX-License-Identifier: GPL-2.0
/// \file
/// Daytime over TCP (RFC 867): one line, in UTC, whatever the date.
#include "support/fixture.hpp"
#include "support/moment.hpp"
#include "support/wall_clock.hpp"

namespace kinetd::suite {
namespace {

class Daytime : public ProtocolTest {
protected:
    Daytime() : ProtocolTest(daytime_name, "tcp_daytime") {}

    [[nodiscard]] std::string ask() const { return receive_all(connect_to(at()).value()).value(); }
};

TEST_F(Daytime, isNow) {
    for (int i = 0; i < 20; i++) {
        const auto before = wall_time();
        const auto line = ask();
        EXPECT_TRUE(was_said(line, daytime_line, before)) << line;
    }
}

TEST_F(Daytime, isALineInTheFormOfTheRfc) {
    const auto line = ask();
    ASSERT_EQ(line.size(), 26U) << line;
    EXPECT_EQ(line.substr(24), "\r\n");
    EXPECT_EQ(line.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz "
                                     "0123456789:\r\n"),
              std::string::npos)
        << line;
}

TEST_F(Daytime, isRightOnEveryKindOfDay) {
    const WallClock clock;
    for (const std::time_t at :
         {std::time_t{951'782'399},    // 28 February 2000, the last second
          std::time_t{951'782'400},    // the 29th of a year that 400 divides
          std::time_t{1'709'164'800},  // 29 February 2024
          std::time_t{1'798'761'599},  // the last second of 2026
          std::time_t{1'798'761'600},  // and the next
          std::time_t{1'801'440'000},  // a day of one digit
          std::time_t{2'147'483'647},  // the last that fits 31 bits
          std::time_t{2'147'483'648},  // and the next
          std::time_t{4'107'542'400},  // 1 March 2100, which has no 29 February
          std::time_t{4'294'967'296}}) // more than 32 bits
    {
        ASSERT_TRUE(WallClock::set(at).ok());
        const auto line = ask();
        EXPECT_TRUE(was_said(line, daytime_line, at)) << line << "instead of " << daytime_line(at);
    }
}

} // namespace
} // namespace kinetd::suite
