// SPDX-License-Identifier: GPL-2.0
/// \file
/// kinetctl against the real modules: what it says is what is in force, what it is told happens or
/// does not happen at all, and whoever it refuses learns why. What takes no kernel is tested in
/// tools/tests.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <regex>
#include <string>

#include "support/command.hpp"
#include "support/fixture.hpp"
#include "support/tools.hpp"

namespace kinetd::suite {
namespace {

/// Runs kinetctl.
Outcome kinetctl(const std::string &arguments) {
    return execute(tool_path("kinetctl") + " " + arguments);
}

void expect_done(const Outcome &outcome) {
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.errors, "");
}

/// Refused with this status, in one line that has these words.
void expect_refused(const Outcome &outcome, int status, const std::string &words) {
    EXPECT_EQ(outcome.status, status) << outcome.output << outcome.errors;
    EXPECT_TRUE(says(outcome.errors, words));
    EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
}

/// As kinetctl calls it.
std::string this_program() {
    return read_line("/proc/self/comm").value() + ", pid " + std::to_string(::getpid());
}

/// Where a client is, as kinetctl writes it.
std::string place_of(const Descriptor &client) {
    return "127.0.0.1:" + std::to_string(local_port(client));
}

std::string in_modules() {
    return " --module-dir " + std::string(std::getenv("KINETD_MODULES"));
}

class Kinetctl : public EchoTest {
protected:
    static std::string equals(const char *key, std::uint16_t port) {
        return std::string(key) + "=" + std::to_string(port);
    }
};

/// What it says, and asks of the kernel as other suites do, too.
class KinetctlWords : public Kinetctl {
protected:
    void SetUp() override {
        if (is_debug_kernel())
            GTEST_SKIP() << same_words;
        Kinetctl::SetUp();
    }
};

TEST_F(KinetctlWords, SaysWhatIsInForce) {
    const auto clients = this->clients(3);
    ASSERT_TRUE(round_trip(clients[0], "hello"));
    ASSERT_TRUE(service_.reaches("connections_active", 3));

    const auto status = kinetctl("status");
    expect_done(status);
    EXPECT_TRUE(std::regex_search(
        status.output, std::regex("\ntcp_echo +tcp_echo +127\\.0\\.0\\.1:" + std::to_string(port_) +
                                  " +up +default +3 +5 +5 +0\n")))
        << status.output;
    EXPECT_EQ(kinetctl("--version").output,
              "kinetctl " + read_line(sysfs_root + "/version").value() + "\n");
    const auto shown = kinetctl("show tcp_echo");
    expect_done(shown);
    for (const auto *key : {"netns", "address", "port", "pool", "backlog", "send_timeout_ms"})
        EXPECT_TRUE(std::regex_search(shown.output, std::regex("\n  " + std::string(key) + " +" +
                                                               service_.get(key) + "( .*)?\n")))
            << key << shown.output;
    EXPECT_TRUE(says(kinetctl("show tcp_echo --json").output, "\"connections_active\": 3"));
    EXPECT_TRUE(says(kinetctl("stats tcp_echo --json").output, "\"bytes_received\": 5,"));
    for (const std::string verb : {"status", "show tcp_echo", "stats", "metrics", "save"})
        expect_refused(kinetctl(verb + " >/dev/full"), 1, "not all of the output");
}

TEST_F(Kinetctl, MovesUnderTraffic) {
    Traffic traffic(at(), 8);
    ASSERT_TRUE(traffic.flows());
    const auto other = fresh_port();
    const auto moved = kinetctl("set tcp_echo " + equals("port", other) + " address=0.0.0.0");
    expect_done(moved);
    EXPECT_TRUE(says(moved.output, "tcp_echo: port " + std::to_string(port_) + " -> " +
                                       std::to_string(other) + "\n"));
    EXPECT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.finish(), "");
    expect_service({"127.0.0.1", other});
    EXPECT_EQ(connect_to(at()).code(), ECONNREFUSED);
}

TEST_F(Kinetctl, ChangesAllOrNothing) {
    const auto other = fresh_port();
    const auto socket = listen_on({"127.0.0.1", other});
    ASSERT_TRUE(socket.ok()) << socket.text();
    expect_refused(
        kinetctl("set tcp_echo max_connections=5 idle_timeout_ms=60000 " + equals("port", other)),
        1, "port " + std::to_string(other) + " on 127.0.0.1 is taken (by " + this_program());
    EXPECT_EQ(service_.get("max_connections"), "16384");
    EXPECT_EQ(service_.get("idle_timeout_ms"), "0");
    EXPECT_EQ(service_.get("port"), std::to_string(port_));
    expect_service();
    expect_refused(kinetctl("set tcp_echo max_connections=5 pool=nowhere"), 4,
                   "there is no pool nowhere");
    expect_refused(kinetctl("set tcp_echo max_connections=5 port=0"), 1, "port=0 is refused");
    expect_refused(kinetctl("set tcp_echo max_connections=5 prot=1"), 4, "has no prot; it has: ");
    expect_refused(kinetctl("set tcp_echo max_connections=5 netns=1"), 5, "netns is read-only");
    expect_refused(kinetctl("set tcp_echo max_connections=5 exec=softirq"), 1, "thread");
    EXPECT_EQ(service_.get("max_connections"), "16384");
}

TEST_F(KinetctlWords, AddsAndDeletes) {
    const auto port = fresh_port();
    expect_done(kinetctl("add service public tcp_echo enabled=1 " + equals("port", port)));
    expect_service({"127.0.0.1", port});
    expect_refused(kinetctl("add service third tcp_echo enabled=1 " + equals("port", port)), 1,
                   "is taken (by kinetd's service public)");
    EXPECT_FALSE(Service("third").present());
    expect_refused(kinetctl("add service public tcp_echo"), 1, "there is a service public already");
    expect_refused(kinetctl("add service Public tcp_echo"), 1, "'Public' is no name");
    expect_done(kinetctl("add pool side threads=1"));
    expect_done(kinetctl("set public pool=side"));
    expect_refused(kinetctl("del pool side"), 1, "pool side is in use; by services: public");
    expect_refused(kinetctl("del pool default"), 1, "default cannot be deleted");
    expect_done(kinetctl("del service public"));
    expect_done(kinetctl("del pool side"));
    expect_refused(kinetctl("del service public"), 4, "there is no service public");
    expect_refused(kinetctl("add service x tcp_time"), 4, "kinetctl load tcp_time");
}

TEST_F(KinetctlWords, HasClients) {
    expect_refused(kinetctl("add client probe"), 4, "kinetctl load kinetd_client");
    expect_done(kinetctl("load client" + in_modules()));
    expect_done(
        kinetctl("add client probe interval_us=0 count=20 running=1 " + equals("port", port_)));
    const Folder client(sysfs_root + "/clients/probe");
    EXPECT_TRUE(wait_for([&] { return client.get("running") == "0"; }, patience(seconds(10))));
    EXPECT_TRUE(says(kinetctl("stats probe --json").output, "\"received\": 20,"));
    const auto watched = kinetctl("stats probe --watch 0.1 --count 1");
    EXPECT_TRUE(
        std::regex_search(watched.output, std::regex("^CLIENT .*\nprobe +0 +0 +0 +0 +0\n$")))
        << watched.output;
    expect_done(kinetctl("set probe count=0 running=1"));
    expect_refused(kinetctl("set probe port=9"), 1, "kinetctl set probe running=0");
    expect_done(kinetctl("del client probe"));
    expect_done(kinetctl("unload client"));
}

TEST_F(KinetctlWords, ListsConnections) {
    const auto clients = this->clients(3);
    ASSERT_TRUE(round_trip(clients[1], "hello, hello"));
    ASSERT_TRUE(service_.reaches("connections_active", 3));
    const auto all = kinetctl("connections tcp_echo --sort received");
    expect_done(all);
    EXPECT_TRUE(std::regex_search(
        all.output, std::regex("^SERVICE.*\ntcp_echo +" + place_of(clients[1]) + " ")))
        << all.output << place_of(clients[1]);
    EXPECT_EQ(std::count(all.output.begin(), all.output.end(), '\n'), 4) << all.output;
    EXPECT_EQ(kinetctl("connections --idle 1000 --json").output, "[]\n");
    expect_refused(kinetctl("connections nobody"), 4, "there is no service nobody");
}

TEST_F(KinetctlWords, WatchesRates) {
    Traffic traffic(at(), 2);
    ASSERT_TRUE(traffic.flows());
    const std::regex line("\ntcp_echo +2 +0 +[1-9][0-9.]*[kMG]? +[1-9][0-9.]*[kMG]? +0\n");
    Outcome watched;
    // In a busy guest a moment may pass without traffic.
    const bool seen = wait_for(
        [&] {
            watched = kinetctl("stats tcp_echo --watch 0.2 --count 2");
            return std::regex_search(watched.output, line);
        },
        patience(seconds(10)));
    expect_done(watched);
    EXPECT_TRUE(seen) << watched.output;
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(KinetctlWords, IsReadByPrometheus) {
    const char *promtool = std::getenv("KINETD_PROMTOOL");
    const std::string file = "/tmp/kinetd.prom";
    ASSERT_TRUE(round_trip(client(), "hello"));
    expect_done(kinetctl("metrics --output " + file));
    const auto text = read_file(file);
    ASSERT_TRUE(text.ok()) << text.text();
    EXPECT_TRUE(says(*text, "kinetd_service_received_bytes_total{service=\"tcp_echo\",protocol="
                            "\"tcp_echo\"} 5\n"));
    EXPECT_TRUE(says(*text, "kinetd_worker_cpu_seconds_total{pool=\"default\",worker=\"0\"} "));
    EXPECT_EQ(execute("ls /tmp/kinetd.prom*").output, file + "\n");
    expect_refused(kinetctl("metrics --output /nowhere/kinetd.prom"), 1, "/nowhere/kinetd.prom");
    if (promtool == nullptr || execute(std::string("command -v ") + promtool).status != 0)
        GTEST_SKIP() << "there is no promtool";
    const auto checked =
        execute(std::string(promtool) + " check metrics <" + file, "", patience(seconds(60)));
    EXPECT_EQ(checked.status, 0) << checked.errors;
    EXPECT_EQ(checked.output + checked.errors, "");
}

TEST_F(KinetctlWords, SaysWhatItNeeds) {
    const auto program = public_tool("kinetctl");
    const auto as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups " + program + " ";
    const auto without_capability = "setpriv --bounding-set=-net_admin " + program + " ";
    expect_done(execute(as_nobody + "status"));
    expect_done(execute(as_nobody + "stats"));
    for (const auto *line : {"set tcp_echo max_connections=5", "add pool side", "connections",
                             "del service tcp_echo", "unload tcp_echo"})
        expect_refused(execute(as_nobody + line), 5, "sudo");
    // Not all may look into the folder where it was built.
    const std::string module = "/tmp/proto_udp_echo.ko";
    expect_done(execute("install -m 644 " + path_of(module_named(udp_echo_name)) + " " + module));
    expect_refused(execute(as_nobody + "load " + module), 5, "sudo");
    expect_refused(execute(without_capability + "set tcp_echo max_connections=5"), 5,
                   "CAP_NET_ADMIN");
    EXPECT_EQ(service_.get("max_connections"), "16384");
}

/// Nothing is loaded.
class KinetctlLoad : public testing::Test {
protected:
    static std::string load(const std::string &name, std::uint16_t port) {
        return "load " + name + " port=" + std::to_string(port) + in_modules();
    }
};

TEST_F(KinetctlLoad, LoadsWhatIsNeeded) {
    const auto port = fresh_port();
    expect_refused(kinetctl("status"), 3, "kinetd is not loaded");
    EXPECT_EQ(kinetctl("metrics").output.substr(0, 6), "# HELP");
    const auto loaded = kinetctl(load("echo", port));
    expect_done(loaded);
    EXPECT_EQ(loaded.output, "proto_tcp_echo is loaded\nservice tcp_echo: tcp 127.0.0.1:" +
                                 std::to_string(port) + ", up\n");
    const auto client = connect_to({"127.0.0.1", port});
    ASSERT_TRUE(client.ok()) << client.text();
    ASSERT_TRUE(round_trip(*client, "hello"));
    expect_done(kinetctl("load echo" + in_modules()));
    expect_refused(kinetctl(load("echo", port)), 1, "use kinetctl set");
    expect_refused(kinetctl("unload kinetd"), 1, "kinetd is used by proto_tcp_echo");
    expect_done(kinetctl("unload tcp_echo"));
    expect_refused(kinetctl("unload tcp_echo"), 4, "no module for tcp_echo is loaded");
    expect_done(kinetctl("load " + path_of(module_named(discard_name)) + " enabled=0"));
    EXPECT_EQ(Service("udp_discard").get("enabled"), "0");
    expect_done(kinetctl("unload --all"));
    EXPECT_FALSE(is_loaded(core_name));
}

TEST_F(KinetctlLoad, SaysWhyNot) {
    if (is_debug_kernel())
        GTEST_SKIP() << same_words;
    const auto port = fresh_port();
    const auto socket = listen_on({"0.0.0.0", port});
    ASSERT_TRUE(socket.ok()) << socket.text();
    expect_refused(kinetctl(load("tcp_echo", port)), 1,
                   "port " + std::to_string(port) + " on 127.0.0.1 is taken (by " + this_program());
    expect_refused(kinetctl(load("tcp_echo", 0)), 1, "tcp_echo: port=0 is not 1 to 65535");
    expect_refused(kinetctl("load tcp_echo prot=1" + in_modules()), 2,
                   "proto_tcp_echo has no parameter prot; it has: ");
    expect_refused(kinetctl("load gopher" + in_modules()), 4, "no module for gopher");
    expect_refused(kinetctl("load gopher"), 4, "is installed");
    EXPECT_FALSE(is_loaded(echo_name));
}

/// The screen with a # for each number, without bars, a single space for several.
std::string normalised(const std::string &screen) {
    auto text = std::regex_replace(screen, std::regex("[0-9][0-9.]*[kMGT]?"), "#");
    text = std::regex_replace(text, std::regex("\\|+"), "");
    text = std::regex_replace(text, std::regex("\\[ *\\]"), "[]");
    return std::regex_replace(text, std::regex(" +(?=[ \n])"), "");
}

TEST_F(KinetctlWords, TopSurvivesModules) {
    ASSERT_TRUE(pool_.set("threads", 1));
    Traffic traffic(at(), 2);
    ASSERT_TRUE(traffic.flows());
    const Terminal terminal(tool_path("kinetctl") + " top --interval 0.2");
    const auto screen = terminal.wait_until("default/0");
    EXPECT_EQ(normalised(screen),
              "kinetd # protocols # services # workers # every # s\n"
              "# active # new/s #B/s in #B/s out # lost/s\n"
              "\n"
              "SERVICE LISTENS ON ACTIVE NEW/s IN/s OUT/s LOST/s SHARE\n"
              "tcp_echo #:# # # # # #\n"
              "\n"
              "WORKER PID CPU %\n"
              "default/# # # []\n" +
                  std::string(15, '\n') +
                  "q quit sort: n a w i o l, by in r reverse p pause + - interval\n");
    EXPECT_EQ(traffic.finish(), "");

    ASSERT_TRUE(remove_everything());
    EXPECT_TRUE(says(terminal.wait_until("not loaded"), "Waiting for it"));
    ASSERT_TRUE(insert_core());
    load();
    EXPECT_TRUE(says(terminal.wait_until("tcp_echo"), "127.0.0.1:" + std::to_string(port_)));
    ASSERT_TRUE(new_service("a-name-of-thirty-one-characters"));
    EXPECT_TRUE(says(terminal.wait_until("a-name-of-thi~"), "down"));
    terminal.resize(150, 30);
    EXPECT_TRUE(says(terminal.wait_until("a-name-of-thirty-one-characters"), "down"));
    terminal.type("q");
    EXPECT_TRUE(terminal.ended());
}

} // namespace
} // namespace kinetd::suite
