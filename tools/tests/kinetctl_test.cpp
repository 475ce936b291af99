// SPDX-License-Identifier: GPL-2.0
/// \file
/// kinetctl's command line against a fake tree: what it prints, what it changes, how it ends.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>

#include "base/version.hpp"
#include "kinetctl/verb.hpp"
#include "tests/support/fake_tree.hpp"

namespace kinetd::ctl {

namespace {

class KinetctlTest : public testing::Test {
protected:
    /// Runs a command line; the status. Output and errors are kept.
    int run_line(std::vector<const char *> words) {
        words.insert(words.begin(), {"kinetctl", "--sysfs", fake_.root().c_str()});
        out_.str("");
        err_.str("");
        Session session(out_, err_);
        session.writer = fake_.writer();
        return run(static_cast<int>(words.size()), words.data(), session);
    }

    void expect_said(const std::string &part) const {
        EXPECT_NE(err_.str().find(part), std::string::npos) << err_.str();
    }

    test::FakeTree fake_;
    std::ostringstream out_;
    std::ostringstream err_;
};

TEST_F(KinetctlTest, ShowsStatus) {
    fake_.put("services/tcp_echo/stats/bytes_received", "1234567");
    fake_.put("services/tcp_echo/stats/connections_refused", "2");
    fake_.put("services/tcp_echo/stats/errors", "1");
    ASSERT_EQ(run_line({"status"}), exit_done) << err_.str();
    EXPECT_EQ(
        out_.str(),
        "kinetd 1.0.0\n"
        "\n"
        "PROTOCOL    TRANSPORT  DEFAULT PORT  SERVICES\n"
        "tcp_echo    tcp                   7         1\n"
        "udp_notify  udp                2325         1\n"
        "\n"
        "SERVICE     PROTOCOL    LISTENS ON      STATE  POOL     ACTIVE  RECEIVED  SENT  LOST\n"
        "tcp_echo    tcp_echo    127.0.0.1:7     up     default       0     1.23M     0     3\n"
        "udp_notify  udp_notify  127.0.0.1:2325  up     default       -         0     0     0\n"
        "\n"
        "POOL     THREADS  CPUS  NICE  SERVICES\n"
        "default        2  0-1      0         2\n");
}

TEST_F(KinetctlTest, PrintsJsonWithTypes) {
    ASSERT_EQ(run_line({"status", "--json"}), exit_done);
    const auto json = nlohmann::json::parse(out_.str());
    const auto &notify = json["services"][1];
    EXPECT_EQ(notify["name"], "udp_notify");
    EXPECT_EQ(notify["port"], 2325);
    EXPECT_EQ(notify["enabled"], true);
    EXPECT_EQ(notify["exec"], "thread");
    EXPECT_EQ(notify["message"], "notify");
    EXPECT_EQ(notify["stats"]["datagrams_received"], 0);
    EXPECT_TRUE(json["clients"].empty());
}

TEST_F(KinetctlTest, ShowsAnObject) {
    ASSERT_EQ(run_line({"show", "tcp_echo"}), exit_done);
    EXPECT_NE(out_.str().find("service tcp_echo\n"), std::string::npos);
    EXPECT_NE(out_.str().find("  port                   7\n"), std::string::npos) << out_.str();
    EXPECT_NE(out_.str().find("(read-only)"), std::string::npos);
    ASSERT_EQ(run_line({"show", "protocol", "tcp_echo"}), exit_done);
    EXPECT_NE(out_.str().find("  services      tcp_echo\n"), std::string::npos) << out_.str();
    ASSERT_EQ(run_line({"show", "pool", "default", "--json"}), exit_done);
    EXPECT_EQ(nlohmann::json::parse(out_.str())["threads"], 2);
}

TEST_F(KinetctlTest, EndsAsDocumented) {
    EXPECT_EQ(run_line({"--help"}), exit_done);
    EXPECT_EQ(run_line({}), exit_usage);
    EXPECT_EQ(run_line({"fly"}), exit_usage);
    expect_said("'fly' is unknown: kinetctl takes one of status, show, set, ");
    EXPECT_EQ(run_line({"conections"}), exit_usage);
    expect_said("'conections' is unknown (did you mean connections?)");
    EXPECT_EQ(run_line({"add", "foo"}), exit_usage);
    EXPECT_EQ(err_.str(), "kinetctl: 'foo' is unknown: add takes one of service, pool, client; "
                          "kinetctl add --help has examples\n");
    EXPECT_EQ(run_line({"show"}), exit_usage);
    EXPECT_EQ(err_.str(), "kinetctl: NAME is required; kinetctl show --help has examples\n");
    EXPECT_EQ(run_line({"show", "nobody"}), exit_no_object);
    expect_said("nothing is called nobody");
    EXPECT_EQ(run_line({"show", "service", "nobody"}), exit_no_object);
    EXPECT_EQ(run_line({"set", "tcp_echo", "port"}), exit_usage);
    expect_said("'port' is no setting");
    EXPECT_EQ(run_line({"set", "tcp_echo", "port=1", "port=2"}), exit_usage);
    EXPECT_EQ(run_line({"set", "tcp_echo", "../tcp_echo/port=1"}), exit_usage);
    EXPECT_EQ(run_line({"set", "tcp_echo"}), exit_usage);
    fake_.unload();
    for (const auto *verb : {"status", "stats"})
        EXPECT_EQ(run_line({verb}), exit_not_loaded);
    EXPECT_EQ(run_line({"set", "tcp_echo", "port=1"}), exit_not_loaded);
    expect_said("kinetctl load");
}

TEST_F(KinetctlTest, IsOfTheCoresRelease) {
    EXPECT_EQ(run_line({"--version"}), exit_done);
    EXPECT_EQ(out_.str(), std::string("kinetctl ") + version + "\n");
}

TEST_F(KinetctlTest, SaysThatOutputWasLost) {
    std::ostream full(nullptr);
    Session session(full, err_);
    const auto root = fake_.root();
    for (const auto *word : {"status", "stats", "metrics", "save", "--help"}) {
        err_.str("");
        const std::array words{"kinetctl", "--sysfs", root.c_str(), word};
        EXPECT_EQ(run(static_cast<int>(words.size()), words.data(), session), exit_refused) << word;
        expect_said("kinetctl: not all of the output could be written");
    }
}

TEST_F(KinetctlTest, TellsWhatItChanged) {
    ASSERT_EQ(run_line({"set", "tcp_echo", "port=7007", "backlog=9"}), exit_done);
    EXPECT_EQ(out_.str(), "tcp_echo: port 7 -> 7007\ntcp_echo: backlog 4096 -> 9\n");
    EXPECT_EQ(fake_.get("services/tcp_echo/port"), "7007");
}

TEST_F(KinetctlTest, KeepsValuesWhole) {
    ASSERT_EQ(run_line({"set", "udp_notify", "message=a=b c"}), exit_done);
    EXPECT_EQ(fake_.get("services/udp_notify/message"), "a=b c");
}

TEST_F(KinetctlTest, PutsBackWhatItSetBefore) {
    fake_.refuse("services/tcp_echo/port", "2325", EADDRINUSE);
    EXPECT_EQ(run_line({"set", "tcp_echo", "backlog=9", "port=2325"}), exit_refused);
    expect_said("port 2325 on 127.0.0.1 is taken");
    expect_said("; nothing has changed\n");
    EXPECT_EQ(fake_.get("services/tcp_echo/backlog"), "4096");
    EXPECT_TRUE(out_.str().empty());
}

TEST_F(KinetctlTest, NamesWhatItCouldNotPutBack) {
    fake_.refuse("services/tcp_echo/port", "2325", EADDRINUSE);
    fake_.refuse("services/tcp_echo/backlog", "4096", ENOMEM);
    EXPECT_EQ(run_line({"set", "tcp_echo", "backlog=9", "port=2325"}), exit_refused);
    expect_said("could not be undone: services/tcp_echo/backlog=4096");
    EXPECT_EQ(err_.str().find("nothing has changed"), std::string::npos);
}

TEST_F(KinetctlTest, AddsAllOrNothing) {
    ASSERT_EQ(run_line({"add", "service", "public", "tcp_echo", "port=8", "enabled=1"}), exit_done);
    EXPECT_EQ(fake_.get("services/public/port"), "8");
    EXPECT_EQ(fake_.log().back(), "services/public/enabled=1");
    EXPECT_EQ(run_line({"add", "service", "public", "tcp_echo"}), exit_refused);
    expect_said("there is a service public already");
    fake_.refuse("services/other/enabled", "1", EADDRINUSE);
    EXPECT_EQ(run_line({"add", "service", "other", "tcp_echo", "enabled=1"}), exit_refused);
    expect_said("taken (by kinetd's service tcp_echo)");
    EXPECT_FALSE(fake_.tree().exists(tree::Kind::service, "other"));
    EXPECT_EQ(run_line({"add", "service", "x", "tcp_time"}), exit_no_object);
    EXPECT_EQ(run_line({"add", "client", "probe"}), exit_no_object);
    expect_said("kinetctl load kinetd_client");
}

TEST_F(KinetctlTest, DeletesWhatItCan) {
    ASSERT_EQ(run_line({"add", "pool", "fast", "threads=1"}), exit_done);
    EXPECT_EQ(run_line({"del", "pool", "slow", "fast"}), exit_no_object);
    expect_said("there is no pool slow; there are: default, fast");
    EXPECT_EQ(out_.str(), "pool fast deleted\n");
    EXPECT_EQ(run_line({"del", "service", "tcp_echo"}), exit_done);
    EXPECT_FALSE(fake_.tree().exists(tree::Kind::service, "tcp_echo"));
}

TEST_F(KinetctlTest, UnloadsAllOrSome) {
    EXPECT_EQ(run_line({"unload", "--all", "tcp_echo"}), exit_usage);
    EXPECT_EQ(err_.str(), "kinetctl: --all and tcp_echo: leave one of them out\n");
    EXPECT_EQ(run_line({"unload"}), exit_usage);
}

TEST_F(KinetctlTest, WantsToKnowWhichOne) {
    fake_.put("pools/tcp_echo/threads", "1");
    EXPECT_EQ(run_line({"set", "tcp_echo", "port=1"}), exit_usage);
    expect_said("both a service and a pool are called tcp_echo");
    EXPECT_EQ(run_line({"set", "service", "tcp_echo", "port=1"}), exit_done);
    EXPECT_EQ(run_line({"set", "pool", "tcp_echo", "threads=3"}), exit_done);
    EXPECT_EQ(fake_.get("pools/tcp_echo/threads"), "3");
}

TEST_F(KinetctlTest, ComparesCounters) {
    fake_.put("services/tcp_echo/stats/bytes_sent", "18446744073709551615");
    ASSERT_EQ(run_line({"stats", "tcp_echo"}), exit_done);
    EXPECT_NE(out_.str().find("bytes_sent             18446744073709551615\n"), std::string::npos)
        << out_.str();
    EXPECT_EQ(out_.str().find("udp_notify"), std::string::npos);
    ASSERT_EQ(run_line({"stats", "--watch", "0.01", "--count", "2", "--json"}), exit_done);
    std::istringstream lines(out_.str());
    int count = 0;
    for (std::string line; std::getline(lines, line); count++)
        EXPECT_EQ(nlohmann::json::parse(line)["services"].size(), 2U);
    EXPECT_EQ(count, 2);
    EXPECT_EQ(run_line({"stats", "default"}), exit_usage);
    EXPECT_EQ(run_line({"stats", "--watch", "0"}), exit_usage);
    // What follows may be the name, and the seconds left out.
    EXPECT_EQ(run_line({"stats", "--watch", "nobody", "--count", "1"}), exit_no_object);
    expect_said("nothing is called nobody");
}

TEST_F(KinetctlTest, TakesNumbersAsPeopleWriteThem) {
    for (const auto *word : {"-1", "99999999999999999999", "0x10", "1.5", "", " 1", "1 "}) {
        EXPECT_EQ(run_line({"connections", "--limit", word}), exit_usage) << word;
        expect_said("' is refused: it takes a whole number from 0 to 4294967295");
    }
    for (const auto *word : {"nan", "inf", "-1", "0x10", "1e10", ""}) {
        EXPECT_EQ(run_line({"connections", "--idle", word}), exit_usage) << word;
        expect_said("' is refused: it takes a number of seconds from 0 to 1000000000");
        EXPECT_EQ(run_line({"top", "--interval", word}), exit_usage) << word;
        expect_said("' is refused: it takes a number of seconds from 0.1 to 60");
    }
    EXPECT_EQ(run_line({"stats", "--watch", "0.001"}), exit_usage);
    expect_said("--watch: '0.001' is refused: it takes a number of seconds from 0.01 to 86400");
    EXPECT_EQ(run_line({"stats", "--watch", "--count", "-1"}), exit_usage);
    EXPECT_EQ(run_line({"stats", "--watch", "nan"}), exit_no_object);
    ASSERT_EQ(run_line({"stats", "--watch", "0.01", "--count", "010", "--json"}), exit_done);
    const auto lines = out_.str();
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 10);
}

TEST_F(KinetctlTest, TellsAClientFromAServiceOfItsName) {
    fake_.add_clients();
    ASSERT_EQ(run_line({"add", "client", "tcp_echo"}), exit_done);
    ASSERT_EQ(run_line({"add", "client", "probe"}), exit_done);
    ASSERT_EQ(run_line({"stats", "client", "tcp_echo", "--json"}), exit_done);
    auto json = nlohmann::json::parse(out_.str());
    EXPECT_TRUE(json["services"].empty());
    EXPECT_EQ(json["clients"].size(), 1U);
    ASSERT_EQ(run_line({"stats", "service", "tcp_echo", "--json"}), exit_done);
    EXPECT_TRUE(nlohmann::json::parse(out_.str())["clients"].empty());
    ASSERT_EQ(run_line({"stats", "client", "tcp_echo", "--watch", "0.01", "--count", "1"}),
              exit_done);
    EXPECT_EQ(out_.str(), "CLIENT    SENT/s  RECEIVED/s  MISMATCHED/s  LOST/s  ERRORS/s\n"
                          "tcp_echo       0           0             0       0         0\n");
    ASSERT_EQ(run_line({"stats", "--watch", "0.01", "--count", "1"}), exit_done);
    EXPECT_NE(out_.str().find("\n\nCLIENT "), std::string::npos) << out_.str();
    ASSERT_EQ(run_line({"stats", "--watch", "0.01", "probe", "--count", "1", "--json"}), exit_done);
    json = nlohmann::json::parse(out_.str());
    EXPECT_TRUE(json["services"].empty());
    EXPECT_EQ(json["clients"]["probe"]["sent_per_second"], 0);
}

TEST_F(KinetctlTest, TellsWhatTheKernelMadeOfAValue) {
    const auto &root = fake_.root();
    Session session(out_, err_);
    session.writer = [&](const std::string &path, std::string_view) {
        fake_.put(path.substr(root.size() + 1), "128");
        return 0;
    };
    const std::array words{"kinetctl", "--sysfs", root.c_str(), "set", "tcp_echo", "backlog=9999"};
    ASSERT_EQ(run(static_cast<int>(words.size()), words.data(), session), exit_done) << err_.str();
    EXPECT_EQ(out_.str(), "tcp_echo: backlog 4096 -> 128 (asked for 9999)\n");
}

} // namespace

} // namespace kinetd::ctl
