// SPDX-License-Identifier: GPL-2.0
/// \file
/// Time over TCP (RFC 868): four bytes, also after they have begun again from 0.
#include "support/fixture.hpp"
#include "support/moment.hpp"
#include "support/wall_clock.hpp"

namespace kinetd::suite {
namespace {

class Time : public ProtocolTest {
protected:
    Time() : ProtocolTest(time_name, "tcp_time") {}

    [[nodiscard]] std::string ask() const { return receive_all(connect_to(at()).value()).value(); }
};

TEST_F(Time, isNow) {
    for (int i = 0; i < 20; i++) {
        const auto before = wall_time();
        const auto word = ask();
        ASSERT_EQ(word.size(), 4U);
        EXPECT_TRUE(was_said(word, time_word, before));
    }
}

TEST_F(Time, beginsAgainIn2036) {
    constexpr std::time_t wrap = 2'085'978'496; // 7 February 2036, 06:28:16 UTC
    ASSERT_EQ(time_word(wrap), std::string(4, '\0'));
    const WallClock clock;
    for (const auto at : {wrap - 3600, wrap - 1, wrap, wrap + 1, wrap + 3600}) {
        ASSERT_TRUE(WallClock::set(at).ok());
        EXPECT_TRUE(was_said(ask(), time_word, at)) << at - wrap << " s from it";
    }
}

TEST_F(Time, crossesThatMoment) {
    constexpr std::time_t wrap = 2'085'978'496;
    const WallClock clock;
    ASSERT_TRUE(WallClock::set(wrap - 1).ok());
    bool seen_after = false;
    EXPECT_TRUE(wait_for(
        [&] {
            const auto before = wall_time();
            const auto word = ask();
            EXPECT_TRUE(was_said(word, time_word, before));
            seen_after = seen_after || word[0] == 0;
            return seen_after;
        },
        patience(seconds(5))));
}

} // namespace
} // namespace kinetd::suite
