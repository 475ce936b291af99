// SPDX-License-Identifier: GPL-2.0
/// \file
/// When messages are due in an open loop, and which of them count.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "kinetload/timetable.hpp"
#include "kinetload/window.hpp"
#include "kinetload/worker.hpp"

namespace kinetd::load {
namespace {

TEST(LoadTimetable, evenlyDealtToAllConnections) {
    Timetable table(1000, 4);
    table.start(second);
    EXPECT_EQ(table.due(0, 0), second);
    EXPECT_EQ(table.due(1, 0), second + millisecond);
    EXPECT_EQ(table.due(3, 0), second + 3 * millisecond);
    EXPECT_EQ(table.due(0, 1), second + 4 * millisecond);
    EXPECT_EQ(table.due(2, 250), second + 1002 * millisecond);
}

TEST(LoadTimetable, doesNotDrift) {
    Timetable table(3, 1); // a third of a second is no whole number of nanoseconds
    table.start(0);
    EXPECT_EQ(table.due(0, 3'000'000'000), 1'000'000'000 * second);
}

TEST(LoadTimetable, cursorGoesInOrderOfTime) {
    Timetable table(1'000'000, 10);
    table.start(0);
    Cursor cursor(table, 4, 3); // connections 4, 5 and 6
    std::vector<Nanoseconds> due;
    std::vector<unsigned> connections;
    for (int i = 0; i < 6; ++i) {
        due.push_back(cursor.due());
        connections.push_back(cursor.connection());
        cursor.advance();
    }
    EXPECT_EQ(due, (std::vector<Nanoseconds>{4000, 5000, 6000, 14000, 15000, 16000}));
    EXPECT_EQ(connections, (std::vector<unsigned>{0, 1, 2, 0, 1, 2}));
}

TEST(LoadShare, everyConnectionOnce) {
    for (unsigned threads = 1; threads <= 7; ++threads) {
        unsigned next = 0;
        for (unsigned i = 0; i < threads; ++i) {
            const auto share = share_of(23, i, threads);
            EXPECT_EQ(share.first, next);
            EXPECT_GE(share.count, 23 / threads);
            next += share.count;
        }
        EXPECT_EQ(next, 23U);
    }
}

TEST(LoadWindow, times) {
    Window window({100, {}}, {1000, {}});
    window.start(5000);
    EXPECT_EQ(window.begin(), 5100U);
    EXPECT_EQ(window.end(), 6100U);
    EXPECT_EQ(window.take(5000), Ticket::warmup);
    EXPECT_EQ(window.take(5099), Ticket::warmup);
    EXPECT_EQ(window.take(5100), Ticket::counted);
    EXPECT_EQ(window.take(6099), Ticket::counted);
    EXPECT_EQ(window.take(6100), Ticket::none);
    EXPECT_FALSE(window.over(6100)); // what was due before may still go
    EXPECT_TRUE(window.over(6100 + Window::grace));
}

TEST(LoadWindow, counts) {
    int opened = 0;
    Window window({{}, 2}, {{}, 3}, [&opened] { ++opened; });
    window.start(0);
    EXPECT_EQ(window.begin(), never);
    EXPECT_EQ(window.take(1), Ticket::warmup);
    EXPECT_EQ(window.take(2), Ticket::warmup);
    EXPECT_EQ(window.take(3), Ticket::counted);
    EXPECT_EQ(window.begin(), 3U);
    EXPECT_EQ(opened, 1);
    EXPECT_EQ(window.take(4), Ticket::counted);
    EXPECT_FALSE(window.over(4));
    EXPECT_EQ(window.take(5), Ticket::counted);
    EXPECT_TRUE(window.over(5));
    EXPECT_EQ(window.take(6), Ticket::none);
    EXPECT_EQ(opened, 1);
}

TEST(LoadWindow, whicheverComesFirst) {
    Window window({0, {}}, {1000, 2});
    window.start(0);
    EXPECT_EQ(window.take(0), Ticket::counted);
    EXPECT_EQ(window.take(1000), Ticket::none);
}

TEST(LoadWindow, stop) {
    Window window({100, {}}, {1000, {}});
    window.start(0);
    EXPECT_EQ(window.take(500), Ticket::counted);
    window.stop(600);
    window.stop(700);
    EXPECT_EQ(window.stopped(), 600U);
    EXPECT_EQ(window.take(500), Ticket::none);
    EXPECT_TRUE(window.over(0));
    EXPECT_TRUE(window.would_count(599));
    EXPECT_FALSE(window.would_count(600));
    EXPECT_FALSE(window.would_count(99));
}

TEST(LoadWindow, countsAsUnsentOnlyWhatWasDueInIt) {
    Window window({100, {}}, {1000, {}});
    window.start(0);
    EXPECT_FALSE(window.would_count(99));
    EXPECT_TRUE(window.would_count(100));
    EXPECT_TRUE(window.would_count(1099));
    EXPECT_FALSE(window.would_count(1100));
}

TEST(LoadWindow, manyThreadsGetExactlyTheCount) {
    Window window({{}, 1000}, {{}, 10'000});
    window.start(0);
    std::atomic<int> warmup = 0;
    std::atomic<int> counted = 0;
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (auto ticket = window.take(1); ticket != Ticket::none; ticket = window.take(1))
                ++(ticket == Ticket::warmup ? warmup : counted);
        });
    for (auto &thread : threads)
        thread.join();
    EXPECT_EQ(warmup, 1000);
    EXPECT_EQ(counted, 10'000);
}

} // namespace
} // namespace kinetd::load
