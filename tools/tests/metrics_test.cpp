// SPDX-License-Identifier: GPL-2.0
/// \file
/// Metrics as Prometheus reads them. Whether promtool likes them, too, the guest's suite finds out.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "kinetctl/metrics.hpp"
#include "tests/support/fake_tree.hpp"

namespace kinetd::ctl {

namespace {

class MetricsTest : public testing::Test {
protected:
    std::string text() {
        auto sample = take_sample(fake_.tree(), "/nowhere");
        sample.workers = {{"default", 0, 41, 1500000001}};
        return metrics_text(sample);
    }

    void expect_line(const std::string &line) {
        const auto all = "\n" + text();
        EXPECT_NE(all.find("\n" + line + "\n"), std::string::npos) << line << "\nin:\n" << all;
    }

    test::FakeTree fake_;
};

TEST_F(MetricsTest, HaveValues) {
    fake_.put("services/tcp_echo/stats/bytes_received", "18446744073709551615");
    fake_.put("services/udp_notify/stats/datagrams_dropped", "3");
    fake_.add_clients();
    ASSERT_TRUE(fake_.tree().create_client("probe"));
    fake_.put("clients/probe/stats/rtt_p99_ns", "1234567");
    expect_line("kinetd_up 1");
    expect_line("kinetd_info{version=\"1.0.0\"} 1");
    expect_line("kinetd_service_received_bytes_total{service=\"tcp_echo\",protocol=\"tcp_echo\"} "
                "18446744073709551615");
    expect_line("kinetd_service_datagrams_dropped_total{service=\"udp_notify\",protocol=\"udp_"
                "notify\"} 3");
    expect_line("kinetd_worker_cpu_seconds_total{pool=\"default\",worker=\"0\"} 1.500000001");
    expect_line("kinetd_client_round_trip_seconds{client=\"probe\",statistic=\"p99\"} 0.001234567");
}

TEST_F(MetricsTest, AreWhatTheTransportHas) {
    EXPECT_EQ(text().find("datagrams_received_total{service=\"tcp_echo\""), std::string::npos);
    EXPECT_EQ(text().find("connections_active{service=\"udp_notify\""), std::string::npos);
}

TEST_F(MetricsTest, EachHaveOneHead) {
    std::istringstream lines(text());
    std::map<std::string, std::string> types;
    std::set<std::string> helped;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first, keyword, name, type;
        words >> first >> keyword >> name >> type;
        if (first != "#") {
            const auto metric = first.substr(0, first.find('{'));
            ASSERT_EQ(types.count(metric), 1U) << line;
            const bool is_total = metric.size() > 6 && metric.rfind("_total") == metric.size() - 6;
            EXPECT_EQ(types[metric] == "counter", is_total) << line;
        } else if (keyword == "HELP") {
            EXPECT_TRUE(helped.insert(name).second) << line;
        } else {
            EXPECT_TRUE(types.emplace(name, type).second) << line;
            EXPECT_EQ(helped.count(name), 1U) << line;
        }
    }
    EXPECT_EQ(types.size(), helped.size());
}

TEST_F(MetricsTest, SayThatNothingIsLoaded) {
    fake_.unload();
    EXPECT_EQ(metrics_text(take_sample(fake_.tree(), "/nowhere")),
              "# HELP kinetd_up Whether kinetd is loaded.\n# TYPE kinetd_up gauge\nkinetd_up 0\n");
}

TEST_F(MetricsTest, AreEachOfTheirOwnCounter) {
    fake_.add_clients();
    ASSERT_TRUE(fake_.tree().create_client("probe"));
    const std::vector<std::pair<const char *, std::string>> of_tcp{
        {"connections_accepted", "connections_accepted_total"},
        {"connections_active", "connections_active"},
        {"connections_closed", "connections_closed_total"},
        {"connections_refused", "connections_refused_total"},
        {"connections_timed_out", "connections_timed_out_total"},
        {"bytes_received", "received_bytes_total"},
        {"bytes_sent", "sent_bytes_total"},
        {"errors", "errors_total"}};
    const std::vector<std::pair<const char *, std::string>> of_udp{
        {"datagrams_received", "datagrams_received_total"},
        {"datagrams_sent", "datagrams_sent_total"},
        {"datagrams_dropped", "datagrams_dropped_total"}};
    const std::vector<std::pair<const char *, std::string>> of_clients{
        {"sent", "messages_sent_total"},
        {"received", "messages_received_total"},
        {"mismatched", "messages_mismatched_total"},
        {"lost", "messages_lost_total"},
        {"errors", "errors_total"},
        {"reconnects", "reconnects_total"}};
    const std::array statistics{"min", "mean", "p50", "p99", "max"};
    int value = 100;
    std::vector<std::string> lines;
    const auto add = [&](const std::string &object, const std::string &counter,
                         const std::string &metric) {
        fake_.put(object + "/stats/" + counter, std::to_string(++value));
        lines.push_back("kinetd_" + metric);
    };
    for (const auto &[counter, metric] : of_tcp) {
        add("services/tcp_echo", counter, "service_" + metric);
        lines.back() += "{service=\"tcp_echo\",protocol=\"tcp_echo\"} " + std::to_string(value);
    }
    for (const auto &[counter, metric] : of_udp) {
        add("services/udp_notify", counter, "service_" + metric);
        lines.back() += "{service=\"udp_notify\",protocol=\"udp_notify\"} " + std::to_string(value);
    }
    for (const auto &[counter, metric] : of_clients) {
        add("clients/probe", counter, "client_" + metric);
        lines.back() += "{client=\"probe\"} " + std::to_string(value);
    }
    for (const std::string statistic : statistics) {
        add("clients/probe", "rtt_" + statistic + "_ns", "client_round_trip_seconds");
        lines.back() +=
            "{client=\"probe\",statistic=\"" + statistic + "\"} 0.000000" + std::to_string(value);
    }
    for (const auto &line : lines)
        expect_line(line);
}

} // namespace

} // namespace kinetd::ctl
