// SPDX-License-Identifier: GPL-2.0
/// \file
/// A configuration is read, and printed again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/cpu_list.hpp"
#include "config/document.hpp"
#include "config/key.hpp"
#include "tests/support/fake_kernel.hpp"
#include "tree/key.hpp"

namespace kinetd::test {
namespace {

using config::get;

TEST(ConfigParse, readsWhatTheManualShows) {
    const auto read = document(R"(
modules = ["proto-tcp-reverse"]

[pools.fast]
threads = 4
cpus = "3,0-1,2"
nice = -5

[services.web]
protocol = "tcp_echo"
address = "::ffff:192.0.2.1"
port = 8080
pool = "fast"
max_connections = 100

[services.tell]
protocol = "udp_notify"
message = "a \"word\"\u0001\t ü"
enabled = false
)");
    const auto &config = read.config;
    EXPECT_EQ(config.modules, std::vector<std::string>{"proto_tcp_reverse"});
    EXPECT_EQ(config.pools.at("fast").settings,
              (config::Settings{
                  {"threads", "4"}, {"cpus", "0-3"}, {"nice", "-5"}, {"busy_poll_us", "0"}}));
    const auto &web = config.services.at("web").settings;
    EXPECT_EQ(get(web, "address"), "192.0.2.1");
    EXPECT_EQ(get(web, "max_connections"), "100");
    EXPECT_EQ(get(web, "send_timeout_ms"), "120000");
    EXPECT_EQ(get(web, "enabled"), "1");
    EXPECT_EQ(web.count("rate_limit_pps"), 0U);
    const auto &tell = config.services.at("tell").settings;
    EXPECT_EQ(get(tell, "port"), "2325");
    EXPECT_EQ(get(tell, "rate_limit_pps"), "100");
    EXPECT_EQ(get(tell, "message"), "a \"word\"\x01\t ü");
    EXPECT_EQ(get(tell, "enabled"), "0");
    EXPECT_EQ(read.lines.of("services.web.port"), 12);
    EXPECT_EQ(read.lines.of("services.web.backlog"), 9);
    EXPECT_EQ(read.lines.of("nothing"), 0);
}

TEST(ConfigParse, takesAnEmptyFile) {
    EXPECT_EQ(document("").config, config::Config());
    EXPECT_EQ(document("# nothing\n[services]\n[pools]\n").config, config::Config());
}

TEST(ConfigParse, takesTheEdgesOfEachRange) {
    const auto pools = document("[pools.a]\nthreads=1\nnice=-20\n[pools.b]\nthreads=1024\nnice=19\n"
                                "[pools.abcdefghijklmnopqrstuvwxyz-_012]\ncpus=\"8191\"\n");
    EXPECT_EQ(pools.config.pools.size(), 3U);
    const auto service = document("[services.s]\nprotocol=\"tcp_echo\"\nport=65535\nbacklog=1\n"
                                  "max_connections=0\nidle_timeout_ms=2147483647\n");
    EXPECT_EQ(get(service.config.services.at("s").settings, "idle_timeout_ms"), "2147483647");
    const auto longest = std::string(1024, 'm');
    const auto tell =
        document("[services.s]\nprotocol=\"udp_notify\"\nmessage=\"" + longest + "\"\n");
    EXPECT_EQ(get(tell.config.services.at("s").settings, "message"), longest);
}

TEST(ConfigParse, letsServicesShareAPortThatDoNotCollide) {
    (void)document("[services.t]\nprotocol=\"tcp_echo\"\n[services.u]\nprotocol=\"udp_echo\"\n"
                   "[services.other]\nprotocol=\"tcp_echo\"\naddress=\"127.0.0.2\"\n"
                   "[services.six]\nprotocol=\"tcp_echo\"\naddress=\"::1\"\n"
                   "[services.off]\nprotocol=\"tcp_echo\"\nenabled=false\n");
}

TEST(ConfigParse, tellsTheFirstOfSeveralMistakes) {
    const auto read = config::parse("[pools.z]\nthreads=0\n[pools.a]\nthreads=0\n");
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().in("f").substr(0, 23), "f:2: pools.z: threads =");
}

TEST(ConfigParse, takesAnySettingOfAProtocolOfOthers) {
    const auto read = document("modules=[\"proto_tcp_reverse\"]\n[services.r]\n"
                               "protocol=\"tcp_reverse\"\nport=4711\nflavour=\"sour\"\ndepth=3\n"
                               "loud=true\n");
    EXPECT_EQ(read.config.services.at("r").settings, (config::Settings{{"address", "127.0.0.1"},
                                                                       {"port", "4711"},
                                                                       {"enabled", "1"},
                                                                       {"exec", "thread"},
                                                                       {"pool", "default"},
                                                                       {"flavour", "sour"},
                                                                       {"depth", "3"},
                                                                       {"loud", "1"}}));
}

TEST(ConfigPrint, leavesOutWhatIsStandard) {
    const auto text = config::print(document("[services.b]\nprotocol=\"udp_notify\"\n"
                                             "rate_limit_pps=100\nmessage=\"\\\\ \\\" \\u0007 ü\"\n"
                                             "[services.a]\nprotocol=\"tcp_echo\"\nenabled=false\n"
                                             "[pools.p]\nnice=0\nthreads=3\n")
                                        .config);
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(*text, "# See kinetctl-config(5).\n"
                     "\n[pools.p]\nthreads = 3\n"
                     "\n[services.a]\nprotocol = \"tcp_echo\"\naddress = \"127.0.0.1\"\nport = 7\n"
                     "enabled = false\n"
                     "\n[services.b]\nprotocol = \"udp_notify\"\naddress = \"127.0.0.1\"\n"
                     "port = 2325\nmessage = \"\\\\ \\\" \\u0007 ü\"\n");
}

TEST(ConfigPrint, saysWhatTomlCannotHold) {
    for (const std::string bytes :
         {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
        auto config = document("[services.b]\nprotocol=\"udp_notify\"\n").config;
        config.services["b"].settings["message"] = bytes;
        const auto text = config::print(config);
        ASSERT_FALSE(text.ok());
        EXPECT_NE(text.error().text.find("services.b: message"), std::string::npos);
    }
}

TEST(ConfigCpus, haveOneSpellingEach) {
    EXPECT_EQ(config::text_of(*config::parse_cpus("8,0-3,2,4")), "0-4,8");
    for (const auto *bad : {"", ",", "1,", "3-1", "-1", "1-", "a", "1 ", "0x1", "8192", "1--2"})
        EXPECT_FALSE(config::parse_cpus(bad)) << bad;
}

TEST(ConfigAddress, overlapsAsSocketsCollide) {
    const auto overlap = [](const char *a, const char *b) {
        const auto one = *config::Address::parse(a);
        const auto two = *config::Address::parse(b);
        EXPECT_EQ(one.overlaps(two), two.overlaps(one));
        return one.overlaps(two);
    };
    EXPECT_TRUE(overlap("127.0.0.1", "127.0.0.1"));
    EXPECT_TRUE(overlap("127.0.0.1", "0.0.0.0"));
    EXPECT_TRUE(overlap("127.0.0.1", "::"));
    EXPECT_TRUE(overlap("::1", "::"));
    EXPECT_TRUE(overlap("::ffff:127.0.0.1", "127.0.0.1"));
    EXPECT_FALSE(overlap("127.0.0.1", "127.0.0.2"));
    EXPECT_FALSE(overlap("0.0.0.0", "::1"));
}

TEST(ConfigAddress, tellsGroupsFromHosts) {
    for (const auto *group :
         {"224.0.0.0", "239.255.255.255", "255.255.255.255", "ff02::1", "::ffff:224.0.0.1"})
        EXPECT_TRUE(config::Address::parse(group)->is_group()) << group;
    for (const auto *host :
         {"223.255.255.255", "240.0.0.1", "255.255.255.254", "0.0.0.0", "fe80::1"})
        EXPECT_FALSE(config::Address::parse(host)->is_group()) << host;
}

/// As Documentation/ABI has them: the ranges of what a file may say, and what a missing key means.
TEST(ConfigKeys, areThoseOfTheKernel) {
    std::vector<std::string> rows;
    for (const auto keys : {config::pool_keys(), config::service_keys()})
        for (const auto &key : keys)
            rows.push_back(fmt::format("{} {} {} {}", key.name, key.least, key.most, key.standard));
    EXPECT_EQ(rows, (std::vector<std::string>{
                        "threads 1 1024 ", "cpus 0 0 ", "nice -20 19 0", "busy_poll_us 0 10000 0",
                        "address 0 0 127.0.0.1", "port 1 65535 ", "enabled 0 0 1",
                        "exec 0 0 thread", "pool 0 0 default", "backlog 1 2147483647 4096",
                        "max_connections 0 2147483647 16384", "max_per_source 0 2147483647 0",
                        "idle_timeout_ms 0 2147483647 0", "send_timeout_ms 0 2147483647 120000",
                        "min_source_port 0 65535 1024", "rate_limit_pps 0 2147483647 ",
                        "target_address 0 0 127.0.0.1", "target_port 0 65535 0",
                        "message 1 1024 notify"}));
}

/// What a file may say is what a command line may.
TEST(ConfigKeys, areThoseOfTheTree) {
    for (const auto keys : {config::pool_keys(), config::service_keys()})
        for (const auto &key : keys) {
            const auto *known = tree::find_key(key.name);
            ASSERT_NE(known, nullptr) << key.name;
            EXPECT_EQ(known->type == tree::Type::number, key.kind == config::Kind::number)
                << key.name;
            EXPECT_EQ(known->type == tree::Type::flag, key.kind == config::Kind::flag) << key.name;
            const bool ranges = key.kind == config::Kind::number;
            const auto range = fmt::format("from {} to {}", key.least, key.most);
            EXPECT_EQ(known->values.find(range) != std::string_view::npos, ranges) << key.name;
        }
    std::vector<std::string_view> told;
    for (const auto &known : tree::known_keys())
        if (!known.about.empty())
            told.push_back(known.name);
    std::vector<std::string_view> taken;
    for (const auto &key : config::service_keys())
        taken.push_back(key.name);
    EXPECT_EQ(told, taken);
}

TEST(ConfigParse, namesEveryKeyOfAPool) {
    const auto read = config::parse("[pools.fast]\nthread = 4\n");
    ASSERT_FALSE(read.ok());
    EXPECT_NE(read.error().text.find("a pool has threads, cpus, nice, busy_poll_us"),
              std::string::npos)
        << read.error().text;
}

TEST(ConfigParse, takesModulesOfAnyProperName) {
    const std::string longest(55, 'm');
    const auto read = document("modules=[\"kinetd_client\",\"" + longest + "\"]\n");
    EXPECT_EQ(read.config.modules, (std::vector<std::string>{"kinetd_client", longest}));
    EXPECT_FALSE(config::parse("modules=[\"" + longest + "m\"]\n").ok());
}

TEST(ConfigPrint, keepsSettingsOfAProtocolOfOthers) {
    const auto config = document("modules=[\"proto_x\"]\n[services.r]\nprotocol=\"x\"\nport=4711\n"
                                 "flavour=\"sour\"\nmessage=\"hello\"\n")
                            .config;
    const auto text = config::print(config);
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(document(*text).config, config) << *text;
}

} // namespace
} // namespace kinetd::test
