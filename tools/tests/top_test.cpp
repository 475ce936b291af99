// SPDX-License-Identifier: GPL-2.0
/// \file
/// Rates between samples, and top's frame as it is made of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kinetctl/frame.hpp"
#include "kinetctl/table.hpp"
#include "tests/support/fake_tree.hpp"

namespace kinetd::ctl {

namespace {

class TopTest : public testing::Test {
protected:
    Sample sample(double seconds) {
        auto result = take_sample(tree_, "/nowhere");
        result.seconds = seconds;
        return result;
    }

    void count(const std::string &service, const char *counter, std::uint64_t value) {
        fake_.put("services/" + service + "/stats/" + counter, std::to_string(value));
    }

    test::FakeTree fake_;
    tree::Tree tree_ = fake_.tree();
};

std::vector<std::string> lines_of(const std::string &text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

TEST_F(TopTest, RatesAreDifferences) {
    count("tcp_echo", "bytes_received", 1000);
    const auto before = sample(10);
    count("tcp_echo", "bytes_received", 5000);
    count("tcp_echo", "connections_accepted", 4);
    count("udp_notify", "datagrams_received", 6);
    count("udp_notify", "datagrams_dropped", 2);
    const auto rates = rates_between(before, sample(12));
    ASSERT_EQ(rates.services.size(), 2U);
    EXPECT_DOUBLE_EQ(rates.services[0].received, 2000);
    EXPECT_DOUBLE_EQ(rates.services[0].arrivals, 2);
    EXPECT_DOUBLE_EQ(rates.services[1].arrivals, 3);
    EXPECT_DOUBLE_EQ(rates.services[1].lost, 1);
    EXPECT_DOUBLE_EQ(total_of(rates.services).arrivals, 5);
}

TEST_F(TopTest, ClientsHaveRates) {
    fake_.add_clients();
    ASSERT_TRUE(tree_.create_client("probe"));
    const auto before = sample(0);
    for (const auto *counter : {"sent", "received", "mismatched", "lost", "errors"})
        fake_.put(std::string("clients/probe/stats/") + counter, counter[0] == 's' ? "8" : "2");
    const auto rates = rates_between(before, sample(2));
    ASSERT_EQ(rates.clients.size(), 1U);
    const auto &probe = rates.clients[0];
    EXPECT_EQ(probe.name, "probe");
    EXPECT_DOUBLE_EQ(probe.sent, 4);
    for (const auto rate : {probe.received, probe.mismatched, probe.lost, probe.errors})
        EXPECT_DOUBLE_EQ(rate, 1);
}

TEST_F(TopTest, WhatIsMadeAnewBeginsAtZero) {
    count("tcp_echo", "bytes_received", 1000);
    const auto before = sample(0);
    count("tcp_echo", "bytes_received", 10);
    EXPECT_DOUBLE_EQ(rates_between(before, sample(1)).services[0].received, 10);
    EXPECT_DOUBLE_EQ(rates_between(Sample{}, sample(2)).services[0].received, 5);
    EXPECT_DOUBLE_EQ(rates_between(before, before).services[0].received, 0);
}

TEST_F(TopTest, HasAFrame) {
    auto before = sample(0);
    before.workers = {{"default", 0, 41, 0}, {"default", 1, 42, 1000000000}};
    count("tcp_echo", "bytes_received", 3000000);
    count("tcp_echo", "bytes_sent", 3000000);
    count("tcp_echo", "connections_active", 12);
    count("udp_notify", "bytes_received", 600000);
    count("udp_notify", "errors", 7);
    fake_.put("services/udp_notify/enabled", "0");
    auto after = sample(2);
    after.workers = {{"default", 0, 41, 500000000}, {"default", 1, 42, 3000000000}};
    View view;
    view.height = 13;
    EXPECT_EQ(text_of(frame_of(before, after, view)),
              "kinetd 1.0.0  protocols 2  services 2  workers 2                     every 1.0 s\n"
              "12 active  0 new/s  1.80MB/s in  1.50MB/s out  3.50 lost/s\n"
              "\n"
              "SERVICE        LISTENS ON            ACTIVE  NEW/s   IN/s  OUT/s LOST/s  SHARE\n"
              "tcp_echo       127.0.0.1:7               12      0  1.50M  1.50M      0  |||||\n"
              "udp_notify     down                       -      0   300k      0   3.50  |\n"
              "\n"
              "WORKER              PID  CPU %\n"
              "default/0            41   25.0  [|||||||||||                                  ]\n"
              "default/1            42  100.0  [|||||||||||||||||||||||||||||||||||||||||||||]\n"
              "\n"
              "\n"
              "q quit  sort: n a w i o l, by in  r reverse  p pause  + - interval\n");
}

TEST_F(TopTest, FitsWhateverTheTerminal) {
    for (int i = 0; i < 40; i++)
        fake_.add_service("service-with-a-long-name-" + std::to_string(i), "tcp_echo");
    fake_.put("services/tcp_echo/address", "2001:db8:1111:2222:3333:4444:5555:6666");
    auto now = sample(1);
    for (unsigned i = 0; i < 64; i++)
        now.workers.push_back({"default", i, 100, 0});
    for (const std::size_t width : {1U, 20U, 79U, 80U, 81U, 120U, 300U})
        for (const std::size_t height : {1U, 2U, 5U, 9U, 24U, 60U, 200U}) {
            View view;
            view.width = width;
            view.height = height;
            const auto lines = lines_of(text_of(frame_of(now, now, view)));
            EXPECT_EQ(lines.size(), height);
            for (const auto &line : lines)
                EXPECT_LE(line.size(), width) << line;
        }
}

TEST_F(TopTest, SaysWhatHasNoRoom) {
    for (int i = 0; i < 40; i++)
        fake_.add_service("s" + std::to_string(i), "tcp_echo");
    auto now = sample(1);
    for (unsigned i = 0; i < 9; i++)
        now.workers.push_back({"default", i, 100, 0});
    const auto text = text_of(frame_of(now, now, View{}));
    EXPECT_NE(text.find("... 32 more services"), std::string::npos) << text;
    EXPECT_NE(text.find("... 5 more workers"), std::string::npos) << text;
}

TEST_F(TopTest, SortsByKey) {
    const auto before = sample(0);
    count("tcp_echo", "bytes_received", 10);
    count("udp_notify", "bytes_sent", 10);
    const auto after = sample(1);
    View view;
    const auto first = [&] { return lines_of(text_of(frame_of(before, after, view)))[4]; };
    EXPECT_EQ(first().substr(0, 8), "tcp_echo");
    EXPECT_TRUE(press(view, 'o'));
    EXPECT_EQ(first().substr(0, 10), "udp_notify");
    EXPECT_TRUE(press(view, 'r'));
    EXPECT_EQ(first().substr(0, 8), "tcp_echo");
    EXPECT_TRUE(press(view, 'n'));
    EXPECT_EQ(first().substr(0, 10), "udp_notify");
}

TEST_F(TopTest, WaitsForModules) {
    const auto before = sample(0);
    fake_.unload();
    const auto gone = sample(1);
    EXPECT_FALSE(gone.loaded);
    const auto text = text_of(frame_of(before, gone, View{}));
    EXPECT_EQ(text.substr(0, 21), "kinetd is not loaded ");
    EXPECT_NE(text.find("Waiting for it"), std::string::npos);
    EXPECT_EQ(lines_of(text).size(), 24U);
}

TEST(View, ObeysKeys) {
    View view;
    EXPECT_FALSE(press(view, 'q'));
    EXPECT_TRUE(press(view, 0));
    EXPECT_TRUE(press(view, 0x19a));
    EXPECT_TRUE(press(view, 'p'));
    EXPECT_TRUE(view.paused);
    for (int i = 0; i < 20; i++)
        press(view, '+');
    EXPECT_DOUBLE_EQ(view.interval, 60);
    for (int i = 0; i < 20; i++)
        press(view, '-');
    EXPECT_DOUBLE_EQ(view.interval, 0.1);
}

TEST(ShortNumber, HasThreeDigits) {
    EXPECT_EQ(short_number(0), "0");
    EXPECT_EQ(short_number(999), "999");
    EXPECT_EQ(short_number(999.9), "1.00k");
    EXPECT_EQ(short_number(0.25), "0.25");
    EXPECT_EQ(short_number(1234), "1.23k");
    EXPECT_EQ(short_number(12345), "12.3k");
    EXPECT_EQ(short_number(123456), "123k");
    EXPECT_EQ(short_number(9999), "10.0k");
    EXPECT_EQ(short_number(18446744073709551615.0), "18.4E");
}

TEST(Worker, IsAKernelThreadOfThatName) {
    std::string proc = std::filesystem::temp_directory_path() / "kinetd-workers.XXXXXX";
    ASSERT_NE(::mkdtemp(proc.data()), nullptr);
    const auto put = [&](const std::string &path, const std::string &text) {
        std::filesystem::create_directories((proc + "/" + path).substr(0, proc.size() + 3));
        std::ofstream(proc + "/" + path) << text;
    };
    const std::string rest = " 0 0 0 0 0 0 0 0 0 11 22 0 0 20 0\n";
    put("41/stat", "41 (kinetd/a/b) x/1) S 2" + rest);
    put("42/stat", "42 (kinetd/default/0) S 2" + rest);
    put("42/schedstat", "7000000001 5 6\n");
    put("43/stat", "43 (kinetd/mine/0) S 1000" + rest);
    put("44/stat", "44 (bash) S 2" + rest);
    const auto workers = read_workers(proc);
    std::filesystem::remove_all(proc);
    ASSERT_EQ(workers.size(), 2U);
    EXPECT_EQ(workers[1].name(), "default/0");
    EXPECT_EQ(workers[1].pid, 42);
    EXPECT_EQ(workers[1].cpu_ns, 7000000001U);
    EXPECT_GT(workers[0].cpu_ns, 0U);
}

TEST_F(TopTest, MarksLosses) {
    const auto before = sample(0);
    count("tcp_echo", "errors", 3);
    const auto frame = frame_of(before, sample(1), View{});
    const auto style_of = [&](std::size_t line, const std::string &text) {
        const auto span = std::find_if(frame[line].begin(), frame[line].end(), [&](const Span &s) {
            return s.text.find(text) != std::string::npos;
        });
        return span == frame[line].end() ? Style::title : span->style;
    };
    EXPECT_EQ(style_of(1, "3 lost/s"), Style::bad);
    EXPECT_EQ(style_of(4, "     3"), Style::bad);
    EXPECT_EQ(style_of(5, "     0"), Style::plain);
}

TEST_F(TopTest, KeepsThePortOfALongPlace) {
    fake_.put("services/tcp_echo/address", "2001:db8:1111:2222:3333:4444:5555:6666");
    const auto now = sample(1);
    const auto text = text_of(frame_of(now, now, View{}));
    EXPECT_NE(text.find("tcp_echo       ~33:4444:5555:6666]:7 "), std::string::npos) << text;
}

TEST_F(TopTest, TellsWorkersOfTwoPoolsApart) {
    auto before = sample(0);
    before.workers = {{"default", 0, 41, 1000000000}, {"fast", 0, 42, 5000000000}};
    auto after = sample(1);
    after.workers = {{"default", 0, 41, 1500000000}, {"fast", 0, 42, 5250000000}};
    const auto rates = rates_between(before, after);
    ASSERT_EQ(rates.workers.size(), 2U);
    EXPECT_DOUBLE_EQ(rates.workers[0].cpu, 0.5);
    EXPECT_DOUBLE_EQ(rates.workers[1].cpu, 0.25);
}

TEST(PlaceText, HasBracketsAroundIpv6) {
    EXPECT_EQ(place_text("127.0.0.1", "7"), "127.0.0.1:7");
    EXPECT_EQ(place_text("::", "7"), "[::]:7");
}

TEST(Worker, HasTheTimeOfUserAndSystem) {
    std::string proc = std::filesystem::temp_directory_path() / "kinetd-workers.XXXXXX";
    ASSERT_NE(::mkdtemp(proc.data()), nullptr);
    std::filesystem::create_directories(proc + "/41");
    std::ofstream(proc + "/41/stat") << "41 (kinetd/a/1) S 2 0 0 0 0 0 0 0 0 0 11 22 0 0 20 0\n";
    const auto workers = read_workers(proc);
    std::filesystem::remove_all(proc);
    ASSERT_EQ(workers.size(), 1U);
    const auto tick = 1000000000U / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    EXPECT_EQ(workers[0].cpu_ns, (11 + 22) * tick);
}

} // namespace

} // namespace kinetd::ctl
