// SPDX-License-Identifier: GPL-2.0
/// \file
/// Connections as debugfs lists them: read, chosen, sorted, shown.
#include <gtest/gtest.h>

#include "kinetctl/connection.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *listing =
    "tcp_echo 127.0.0.1:7 127.0.0.1:40000 worker=default/1 age_ms=5000 idle_ms=10 received=100 "
    "sent=100\n"
    "public [::1]:8 [::1]:40001 worker=fast/0 age_ms=90000 idle_ms=90000 received=7 sent=0 "
    "blocked\n"
    "tcp_echo 127.0.0.1:7 192.0.2.9:1 worker=default/0 age_ms=1 idle_ms=1 received=2000 sent=5 "
    "blocked finishing news=1\n";

std::vector<std::string> peers(const Choice &choice) {
    std::vector<std::string> result;
    for (const auto &connection : choose(parse_connections(listing), choice))
        result.push_back(connection.peer);
    return result;
}

TEST(Connection, IsReadWhole) {
    const auto all = parse_connections(std::string(listing) + "rubbish\n\n");
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].service, "tcp_echo");
    EXPECT_EQ(all[0].worker, "default/1");
    EXPECT_EQ(all[0].age_ms, 5000U);
    EXPECT_EQ(all[1].local, "[::1]:8");
    EXPECT_EQ(all[1].state(), "blocked");
    EXPECT_EQ(all[2].received, 2000U);
    EXPECT_EQ(all[2].state(), "blocked,finishing");
    EXPECT_EQ(all[0].state(), "-");
}

TEST(Connection, IsChosen) {
    using Peers = std::vector<std::string>;
    Choice choice;
    choice.service = "tcp_echo";
    EXPECT_EQ(peers(choice), (Peers{"127.0.0.1:40000", "192.0.2.9:1"}));
    choice = {};
    choice.worker = "default";
    EXPECT_EQ(peers(choice).size(), 2U);
    choice.worker = "default/0";
    EXPECT_EQ(peers(choice), Peers{"192.0.2.9:1"});
    choice = {};
    choice.peer = "192.";
    EXPECT_EQ(peers(choice), Peers{"192.0.2.9:1"});
    choice = {};
    choice.state = "finishing";
    EXPECT_EQ(peers(choice), Peers{"192.0.2.9:1"});
    choice = {};
    choice.idle_ms = 60000;
    EXPECT_EQ(peers(choice), Peers{"[::1]:40001"});
}

TEST(Connection, IsSorted) {
    using Peers = std::vector<std::string>;
    Choice choice;
    EXPECT_EQ(peers(choice), (Peers{"[::1]:40001", "127.0.0.1:40000", "192.0.2.9:1"}));
    choice.sort = "received";
    EXPECT_EQ(peers(choice), (Peers{"192.0.2.9:1", "127.0.0.1:40000", "[::1]:40001"}));
    choice.reverse = true;
    choice.limit = 1;
    EXPECT_EQ(peers(choice), Peers{"[::1]:40001"});
    choice = {};
    choice.sort = "age";
    EXPECT_EQ(peers(choice).front(), "[::1]:40001");
    choice.sort = "worker";
    EXPECT_EQ(peers(choice).front(), "192.0.2.9:1");
}

TEST(Connection, IsShown) {
    EXPECT_EQ(connections_text(parse_connections(listing)),
              "SERVICE   PEER             LOCAL        WORKER       AGE   IDLE  RECEIVED  SENT  "
              "STATE\n"
              "tcp_echo  127.0.0.1:40000  127.0.0.1:7  default/1   5.0s   10ms       100   100  "
              "-\n"
              "public    [::1]:40001      [::1]:8      fast/0     1m30s  1m30s         7     0  "
              "blocked\n"
              "tcp_echo  192.0.2.9:1      127.0.0.1:7  default/0    1ms    1ms     2.00k     5  "
              "blocked,finishing\n");
}

TEST(Connection, IsChosenByAWholePool) {
    Choice choice;
    choice.worker = "def";
    EXPECT_TRUE(peers(choice).empty());
}

TEST(Connection, IsJson) {
    EXPECT_EQ(to_json(parse_connections(listing)[2]).dump(),
              "{\"service\":\"tcp_echo\",\"local\":\"127.0.0.1:7\",\"peer\":\"192.0.2.9:1\","
              "\"worker\":\"default/0\",\"age_ms\":1,\"idle_ms\":1,\"bytes_received\":2000,"
              "\"bytes_sent\":5,\"states\":[\"blocked\",\"finishing\"]}");
}

TEST(Duration, HasTwoParts) {
    EXPECT_EQ(duration_text(999), "999ms");
    EXPECT_EQ(duration_text(59999), "59.9s");
    EXPECT_EQ(duration_text(307000), "5m07s");
    EXPECT_EQ(duration_text(3 * 3600000 + 720000), "3h12m");
    EXPECT_EQ(duration_text(2 * 86400000ULL + 4 * 3600000), "2d04h");
}

} // namespace

} // namespace kinetd::ctl
