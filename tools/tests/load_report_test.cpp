// SPDX-License-Identifier: GPL-2.0
/// \file
/// Results as text, JSON and CSV.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>
#include <vector>

#include "kinetload/progress.hpp"
#include "kinetload/report.hpp"

namespace kinetd::load {
namespace {

Summary example() {
    Summary summary;
    auto &options = summary.options;
    options.protocol = find_protocol("tcp_echo");
    options.server = *Endpoint::parse("127.0.0.1:5555", 7);
    options.connections = 4;
    options.sizes = *Sizes::parse("64:1,1k:1");
    summary.elapsed = 2 * second;
    auto &ledger = summary.ledger;
    for (std::uint64_t i = 1; i <= 1000; ++i)
        ledger.latency.record(i * 1000);
    ledger.counts.sent += 1002;
    ledger.counts.answered += 1000;
    ledger.counts.lost += 2;
    ledger.counts.bytes += 4 * 1048576;
    ledger.connect.record(50'000);
    ledger.note("connection 3: no answer within --timeout");
    summary.cpu = {0.25, 0.75};
    return summary;
}

bool has(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> cells(const std::string &line) {
    std::vector<std::string> result(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            result.emplace_back();
        else
            result.back() += c;
    }
    return result;
}

TEST(LoadReport, text) {
    const auto text = text_report(example());
    EXPECT_TRUE(has(text, "tcp_echo 127.0.0.1:5555: 4 connections, 1 thread, 64:1,1k:1 B, closed "
                          "loop, 2.000 s\n"))
        << text;
    EXPECT_TRUE(has(text, "1002 sent, 1000 answered, 2 lost\n")) << text;
    EXPECT_TRUE(has(text, "500.0 messages/s, 2.000 MiB/s")) << text;
    EXPECT_TRUE(has(text, "p50 500 us, p90 900 us, p99 990 us, p99.9 999 us, max 1.00 ms")) << text;
    EXPECT_TRUE(has(text, "client 0.250 s, 250 us a message; machine 0.750 s, 750 us")) << text;
    EXPECT_TRUE(has(text, "first       connection 3: no answer within --timeout\n")) << text;
    EXPECT_FALSE(has(text, "schedule"));
}

TEST(LoadReport, openLoopSaysWhatWasNotSent) {
    auto summary = example();
    summary.options.rate = 600;
    summary.ledger.counts.late += 7;
    EXPECT_TRUE(has(text_report(summary), "open loop at 600/s"));
    EXPECT_TRUE(has(text_report(summary), "7 sent 1 ms late or more, 0 never"));
    EXPECT_FALSE(has(text_report(summary), "WARNING"));
    summary.ledger.counts.unsent += 3;
    EXPECT_TRUE(has(text_report(summary), "3 never"));
    EXPECT_TRUE(has(text_report(summary), "WARNING"));
}

TEST(LoadReport, json) {
    const auto json = nlohmann::json::parse(json_report(example()));
    EXPECT_EQ(json["options"]["protocol"], "tcp_echo");
    EXPECT_EQ(json["options"]["rate"], nullptr);
    EXPECT_EQ(json["counts"]["answered"], 1000);
    EXPECT_EQ(json["counts"]["lost"], 2);
    EXPECT_DOUBLE_EQ(json["messages_per_second"], 500);
    EXPECT_NEAR(json["latency_ns"]["p999"].get<double>(), 999'000, 999);
    EXPECT_EQ(json["latency_ns"]["max"], 1'000'000);
    EXPECT_DOUBLE_EQ(json["cpu"]["client_ns_per_message"], 250'000);
    EXPECT_DOUBLE_EQ(json["cpu"]["machine_seconds"], 0.75);
}

/// Each histogram and each counter under its own name.
TEST(LoadReport, everythingIsItself) {
    auto summary = example();
    summary.ledger.lateness.record(77);
    auto &counts = summary.ledger.counts;
    const std::vector<std::pair<const char *, Counter *>> all{
        {"sent", &counts.sent},
        {"answered", &counts.answered},
        {"lost", &counts.lost},
        {"mismatched", &counts.mismatched},
        {"duplicates", &counts.duplicates},
        {"reordered", &counts.reordered},
        {"overdue", &counts.overdue},
        {"unexpected", &counts.unexpected},
        {"late", &counts.late},
        {"unsent", &counts.unsent},
        {"bytes", &counts.bytes},
        {"connects", &counts.connects},
        {"connect_failures", &counts.connect_failures},
        {"connections_lost", &counts.connections_lost}};
    for (std::size_t i = 0; i < all.size(); ++i)
        *all[i].second += 10'000'000 * (i + 1);
    const auto json = nlohmann::json::parse(json_report(summary));
    EXPECT_EQ(json["counts"].size(), all.size());
    for (const auto &[name, counter] : all)
        EXPECT_EQ(json["counts"][name], static_cast<std::uint64_t>(*counter)) << name;
    EXPECT_EQ(json["latency_ns"]["max"], 1'000'000);
    EXPECT_EQ(json["lateness_ns"]["max"], 77);
    EXPECT_EQ(json["connect_ns"]["max"], 50'000);
}

TEST(LoadReport, csvHasAHeadingForEachValue) {
    std::istringstream lines(csv_report(example()));
    std::string names;
    std::string values;
    ASSERT_TRUE(std::getline(lines, names) && std::getline(lines, values));
    const auto heading = cells(names);
    const auto row = cells(values);
    ASSERT_EQ(heading.size(), row.size());
    const auto value = [&](const std::string &name) {
        const auto at = std::find(heading.begin(), heading.end(), name) - heading.begin();
        return row.at(static_cast<std::size_t>(at));
    };
    EXPECT_EQ(value("size"), "64:1,1k:1");
    EXPECT_EQ(value("answered"), "1000");
    EXPECT_EQ(value("seconds"), "2.000000");
    EXPECT_EQ(value("latency_max_ns"), "1000000");
    EXPECT_EQ(value("machine_cpu_seconds"), "0.750000");
}

TEST(LoadReport, nothingMeasured) {
    Summary summary;
    summary.options = example().options;
    EXPECT_TRUE(has(text_report(summary), "0.0 messages/s"));
    EXPECT_TRUE(nlohmann::json::accept(json_report(summary)));
    EXPECT_FALSE(summary.trouble());
}

TEST(LoadReport, trouble) {
    EXPECT_TRUE(example().trouble());
    Summary summary;
    summary.ledger.counts.late += 1;
    summary.ledger.counts.unsent += 1;
    summary.ledger.counts.reordered += 1;
    EXPECT_FALSE(summary.trouble());
    summary.ledger.counts.mismatched += 1;
    EXPECT_TRUE(summary.trouble());
}

TEST(LoadReport, times) {
    EXPECT_EQ(short_time(0), "0 ns");
    EXPECT_EQ(short_time(999), "999 ns");
    EXPECT_EQ(short_time(1000), "1.00 us");
    EXPECT_EQ(short_time(12'345), "12.3 us");
    EXPECT_EQ(short_time(999'600), "1.00 ms");
    EXPECT_EQ(short_time(2.5e9), "2.50 s");
    EXPECT_EQ(short_time(2.5e12), "2500 s");
}

TEST(LoadProgress, twiceASecond) {
    Progress progress(false);
    Counts counts;
    EXPECT_EQ(progress.line(counts, 2 * second, second), "warming up");
    counts.answered += 500;
    EXPECT_EQ(progress.line(counts, 2 * second, second + second / 4), "");
    EXPECT_EQ(progress.line(counts, 2 * second, 3 * second),
              "1.0 s  500 messages  250/s  0 lost  0 mismatched");
}

} // namespace
} // namespace kinetd::load
