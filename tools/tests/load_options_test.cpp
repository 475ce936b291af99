// SPDX-License-Identifier: GPL-2.0
/// \file
/// Command lines, and what bad ones are told.
#include <gtest/gtest.h>

#include <vector>

#include "base/version.hpp"
#include "kinetload/options.hpp"

namespace kinetd::load {
namespace {

Command parse(std::vector<const char *> words) {
    words.insert(words.begin(), "kinetload");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

Options good(const std::vector<const char *> &words) {
    const auto command = parse(words);
    EXPECT_TRUE(command.options) << command.text;
    return command.options.value_or(Options{});
}

/// One line that holds `part`, and the status for it.
void expect_complaint(const std::vector<const char *> &words, const std::string &part) {
    const auto command = parse(words);
    EXPECT_FALSE(command.options) << part;
    EXPECT_EQ(command.status, exit_usage) << part;
    EXPECT_NE(command.text.find(part), std::string::npos) << command.text;
    EXPECT_EQ(command.text.find('\n'), command.text.size() - 1) << command.text;
}

TEST(LoadOptions, defaults) {
    const auto options = good({"tcp_echo", "127.0.0.1"});
    EXPECT_EQ(options.protocol->name, "tcp_echo");
    EXPECT_EQ(options.server.text(), "127.0.0.1:7");
    EXPECT_EQ(options.connections, 1U);
    EXPECT_EQ(options.threads, 1U);
    EXPECT_EQ(options.depth, 1U);
    EXPECT_FALSE(options.rate);
    EXPECT_EQ(options.measured.time, 10 * second);
    EXPECT_FALSE(options.measured.messages);
    EXPECT_EQ(options.warmup.time, second);
    EXPECT_EQ(options.timeout, 5 * second);
    EXPECT_TRUE(options.verify);
}

TEST(LoadOptions, ports) {
    EXPECT_EQ(good({"udp_discard", "::1"}).server.text(), "[::1]:9");
    EXPECT_EQ(good({"tcp_chargen", "127.0.0.1"}).server.text(), "127.0.0.1:19");
    EXPECT_EQ(good({"tcp_echo", "[::1]:5555"}).server.text(), "[::1]:5555");
    EXPECT_EQ(good({"tcp_echo", "127.0.0.1:65535"}).server.text(), "127.0.0.1:65535");
    for (const char *bad : {"127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1:x",
                            "127.0.0.1:1k", "127.0.0.1:+7", "127.0.0.1:7.0"})
        expect_complaint({"tcp_echo", bad}, "is no port; it takes 1 to 65535");
    expect_complaint({"tcp_echo", "300.0.0.1.invalid"}, "300.0.0.1.invalid");
}

TEST(LoadOptions, openLoop) {
    const auto options = good({"tcp_echo", "127.0.0.1", "-r", "20k", "-c", "16"});
    EXPECT_DOUBLE_EQ(options.rate.value_or(0), 20'000);
    EXPECT_EQ(options.depth, 0U);
    EXPECT_EQ(good({"tcp_echo", "127.0.0.1", "-r", "1", "--depth", "4"}).depth, 4U);
}

TEST(LoadOptions, lengths) {
    EXPECT_EQ(good({"tcp_echo", "127.0.0.1", "-n", "1000"}).warmup.messages, 100U);
    EXPECT_EQ(good({"tcp_echo", "127.0.0.1", "-n", "1000"}).measured.time, std::nullopt);
    EXPECT_EQ(good({"tcp_echo", "127.0.0.1", "-w", "0"}).warmup.time, 0U);
    EXPECT_EQ(good({"tcp_echo", "127.0.0.1", "-w", "2s"}).warmup.time, 2 * second);
    EXPECT_EQ(good({"tcp_echo", "127.0.0.1", "-w", "2k"}).warmup.messages, 2000U);
    EXPECT_EQ(good({"udp_echo", "127.0.0.1"}).timeout, second);
    const auto both = good({"tcp_echo", "127.0.0.1", "-n", "5", "-d", "1s"});
    EXPECT_EQ(both.measured.messages, 5U);
    EXPECT_EQ(both.measured.time, second);
}

TEST(LoadOptions, threadsFollowTheCpus) {
    const auto options = good({"tcp_echo", "127.0.0.1", "-c", "8", "--cpus", "0,2-3"});
    EXPECT_EQ(options.threads, 3U);
    EXPECT_EQ(options.cpus, (std::vector<unsigned>{0, 2, 3}));
}

TEST(LoadOptions, badValuesAreNamed) {
    const std::vector<std::pair<const char *, const char *>> bad{
        {"-c", "0"},
        {"-c", "2000000"},
        {"-t", "many"},
        {"--cpus", "3-1"},
        {"-s", "big"},
        {"--depth", "-1"},
        {"-r", "0"},
        {"-d", "10"},
        {"-d", "0s"},
        {"-n", "1.5"},
        {"-w", "soon"},
        {"--timeout", "0s"},
        {
            "-s",
            "64:1,",
        },
    };
    for (const auto &[option, value] : bad)
        expect_complaint({"tcp_echo", "127.0.0.1", option, value},
                         std::string("\"") + value + "\": takes");
}

TEST(LoadOptions, timesHaveAnEnd) {
    EXPECT_TRUE(good({"tcp_echo", "127.0.0.1", "-d", "527040m"}).measured.time);
    for (const char *option : {"-d", "-w", "--timeout"})
        for (const char *value : {"527041m", "99999999999999m"})
            expect_complaint({"tcp_echo", "127.0.0.1", option, value},
                             "takes a time of up to 366 days");
}

TEST(LoadOptions, whatDoesNotGoTogether) {
    expect_complaint({"udp_echo", "127.0.0.1", "--churn"}, "--churn: udp_echo");
    expect_complaint({"tcp_echo", "127.0.0.1", "--reset"}, "--reset: ");
    expect_complaint({"tcp_echo", "127.0.0.1", "--churn", "--depth", "2"}, "--depth 2: ");
    expect_complaint({"tcp_chargen", "127.0.0.1", "-r", "5"}, "--rate 5: ");
    expect_complaint({"tcp_chargen", "127.0.0.1", "--depth", "5"}, "--depth 5: ");
    expect_complaint({"tcp_echo", "127.0.0.1", "-t", "2"}, "--threads 2: ");
    expect_complaint({"tcp_echo", "127.0.0.1", "--json", "--csv"}, "choose one");
    expect_complaint({"udp_echo", "127.0.0.1", "-s", "4"},
                     "--size 4: udp_echo takes messages from 8 B");
    expect_complaint({"udp_echo", "127.0.0.1", "-s", "64k"}, "at most 65507 B");
    expect_complaint({"tcp_echo", "127.0.0.1", "-s", "0"}, "from 1 B");
}

TEST(LoadOptions, unknown) {
    expect_complaint({"echo", "127.0.0.1"}, "\"echo\": no such protocol; there are tcp_echo");
    expect_complaint({"tcp_echo", "127.0.0.1", "--speed", "5"}, "--speed");
    expect_complaint({}, "protocol");
    expect_complaint({"tcp_echo"}, "server");
}

TEST(LoadOptions, version) {
    const auto command = parse({"--version"});
    EXPECT_EQ(command.status, exit_ok);
    EXPECT_EQ(command.text, std::string("kinetload ") + version + "\n");
}

TEST(LoadOptions, helpTeaches) {
    const auto command = parse({"--help"});
    EXPECT_EQ(command.status, exit_ok);
    EXPECT_NE(command.text.find("kinetload tcp_echo 127.0.0.1:5555"), std::string::npos);
    EXPECT_NE(command.text.find("Exit status"), std::string::npos);
}

} // namespace
} // namespace kinetd::load
