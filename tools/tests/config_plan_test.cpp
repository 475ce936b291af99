// SPDX-License-Identifier: GPL-2.0
/// \file
/// Which writes make a configuration of a state, and in which order.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fake_kernel.hpp"
#include "tests/support/fake_tree.hpp"

namespace kinetd::test {
namespace {

using Lines = std::vector<std::string>;

std::string echo(const std::string &name, const std::string &more) {
    return "[services." + name + "]\nprotocol = \"tcp_echo\"\n" + more + "\n";
}

std::string at(const std::string &address, int port) {
    return "address = \"" + address + "\"\nport = " + std::to_string(port) + "\n";
}

/// How a change is shown, without its objects.
bool warns(const config::Plan &plan, const std::string &what, const std::string &of) {
    return std::any_of(plan.changes.begin(), plan.changes.end(), [&](const config::Change &c) {
        return c.what == what && c.warning.find(of) != std::string::npos;
    });
}

class ConfigPlan : public testing::Test {
protected:
    /// Comes to this state, with a client connected to each service.
    void begin(const std::string &text) {
        ASSERT_EQ(apply_to(kernel_, text), "");
        for (const auto &[name, service] : kernel_.state.services)
            kernel_.connect(name);
        kernel_.log.clear();
    }
    /// Goes on to that one, and is there then.
    void go_to(const std::string &text, bool prune = false) {
        ASSERT_EQ(apply_to(kernel_, text, prune), "");
        EXPECT_TRUE(plan_for(kernel_, text, prune).steps.empty());
    }

    FakeKernel kernel_{{"tcp_echo", "tcp_time", "udp_echo", "udp_notify"}};
};

TEST_F(ConfigPlan, doesNothingForWhatThereIs) {
    const auto text = echo("web", at("0.0.0.0", 80) + "max_connections = 5\n") +
                      "[pools.default]\nthreads = 4\n[services.u]\nprotocol=\"udp_notify\"\n";
    begin(text);
    const auto plan = plan_for(kernel_, text);
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_TRUE(plan.changes.empty());
}

TEST_F(ConfigPlan, makesPoolsThenServicesAndEnablesLast) {
    const auto plan =
        plan_for(kernel_, echo("web", "port = 80\npool = \"fast\"\n") +
                              echo("off", "enabled = false\n") + "[pools.fast]\nthreads = 4\n");
    EXPECT_EQ(writes_of(plan),
              (Lines{"new_pool=fast", "pools/fast/busy_poll_us=0", "pools/fast/nice=0",
                     "pools/fast/threads=4", "protocols/tcp_echo/new_service=off",
                     "protocols/tcp_echo/new_service=web", "services/web/pool=fast",
                     "services/web/port=80", "services/web/enabled=1"}));
}

TEST_F(ConfigPlan, changesInPlace) {
    begin(echo("web", at("127.0.0.1", 80)) + "[pools.default]\nthreads = 4\n");
    const auto text = echo("web", at("127.0.0.1", 81) + "max_per_source = 3\n") +
                      "[pools.default]\nthreads = 8\n";
    EXPECT_EQ(writes_of(plan_for(kernel_, text)),
              (Lines{"pools/default/threads=8", "services/web/max_per_source=3",
                     "services/web/port=81"}));
    go_to(text);
    EXPECT_TRUE(kernel_.connected("web"));
}

TEST_F(ConfigPlan, putsBackWhatTheFileLeavesOut) {
    begin(echo("web", "port = 80\nidle_timeout_ms = 5\nmax_connections = 5\n"));
    EXPECT_EQ(writes_of(plan_for(kernel_, echo("web", "port = 80\n"))),
              (Lines{"services/web/idle_timeout_ms=0", "services/web/max_connections=16384"}));
}

TEST_F(ConfigPlan, leavesAloneWhatTheFileDoesNotName) {
    begin(echo("web", "port = 80\n") + echo("other", "port = 81\n") + "[pools.fast]\n");
    go_to(echo("web", "port = 80\n"));
    EXPECT_TRUE(kernel_.connected("other"));
    EXPECT_TRUE(kernel_.log.empty());
    go_to(echo("web", "port = 80\n"), true);
    EXPECT_EQ(kernel_.log, (Lines{"protocols/tcp_echo/delete_service=other", "delete_pool=fast"}));
    EXPECT_EQ(kernel_.state.pools.count("default"), 1U);
}

TEST_F(ConfigPlan, movesByTheWayThatIsFree) {
    begin(echo("a", at("127.0.0.1", 80)) + echo("b", at("127.0.0.2", 80)));
    // By 127.0.0.2 port 80 it would meet b.
    const auto text = echo("a", at("127.0.0.2", 81)) + echo("b", at("127.0.0.2", 80));
    EXPECT_EQ(writes_of(plan_for(kernel_, text)),
              (Lines{"services/a/port=81", "services/a/address=127.0.0.2"}));
    go_to(text);
}

TEST_F(ConfigPlan, movesWhoIsInTheWayFirst) {
    begin(echo("a", "port = 80\n") + echo("b", "port = 81\n") + echo("c", "port = 82\n"));
    const auto text =
        echo("a", "port = 81\n") + echo("b", "port = 82\n") + echo("c", "port = 83\n");
    EXPECT_EQ(writes_of(plan_for(kernel_, text)),
              (Lines{"services/c/port=83", "services/b/port=82", "services/a/port=81"}));
    go_to(text);
}

TEST_F(ConfigPlan, swapsByAPortInBetween) {
    begin(echo("a", "port = 80\n") + echo("b", "port = 81\n"));
    const auto text = echo("a", "port = 81\n") + echo("b", "port = 80\n");
    const auto plan = plan_for(kernel_, text);
    EXPECT_EQ(writes_of(plan),
              (Lines{"services/a/port=49152", "services/b/port=80", "services/a/port=81"}));
    EXPECT_TRUE(warns(plan, "services.a.port", "for a moment"));
    go_to(text);
    EXPECT_TRUE(kernel_.connected("a"));
    EXPECT_TRUE(kernel_.connected("b"));
}

TEST_F(ConfigPlan, swapsWildcardsAndSingleAddresses) {
    begin(echo("a", at("0.0.0.0", 80)) + echo("b", at("127.0.0.1", 81)));
    go_to(echo("a", at("::", 81)) + echo("b", at("127.0.0.1", 80)));
    EXPECT_TRUE(kernel_.connected("a"));
    EXPECT_TRUE(kernel_.connected("b"));
}

TEST_F(ConfigPlan, leavesThePlaceWhereBothWaysAreTaken) {
    begin(echo("a", at("127.0.0.1", 80)) + echo("b", at("127.0.0.2", 80)) +
          echo("c", at("127.0.0.1", 81)));
    go_to(echo("a", at("127.0.0.2", 81)) + echo("b", at("127.0.0.2", 80)) +
          echo("c", at("127.0.0.1", 81)));
    EXPECT_TRUE(kernel_.connected("a"));
}

TEST_F(ConfigPlan, disablesForASwapOnlyWhereNoPortIsFree) {
    begin(echo("a", "port = 80\n") + echo("b", "port = 81\n"));
    const auto wanted = document(echo("a", "port = 81\n") + echo("b", "port = 80\n"));
    const auto plan = config::plan(wanted, kernel_.state, FakeKernel::machine(), {},
                                   [](const auto &) { return std::nullopt; });
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(writes_of(*plan), (Lines{"services/a/enabled=0", "services/a/port=81",
                                       "services/b/port=80", "services/a/enabled=1"}));
    EXPECT_TRUE(warns(*plan, "services.a.enabled", "closes its connections"));
}

TEST_F(ConfigPlan, givesAFreedPortToAnother) {
    begin(echo("a", "port = 80\n") + echo("b", "port = 81\nenabled = false\n"));
    go_to(echo("a", "port = 80\nenabled = false\n") + echo("b", "port = 80\n"));
    EXPECT_FALSE(kernel_.connected("a"));
    kernel_.connect("b");
    go_to(echo("new", "port = 80\n"), true);
    EXPECT_FALSE(kernel_.connected("b"));
    EXPECT_EQ(kernel_.state.services.size(), 1U);
}

TEST_F(ConfigPlan, replacesAServiceOfAnotherProtocol) {
    begin(echo("a", "port = 80\n"));
    const std::string text = "[services.a]\nprotocol = \"tcp_time\"\nport = 80\n";
    EXPECT_TRUE(warns(plan_for(kernel_, text), "services.a", "closes its connections"));
    go_to(text);
    EXPECT_EQ(kernel_.state.services.at("a").protocol, "tcp_time");
}

TEST_F(ConfigPlan, clampsTheBacklogAsTheKernelDoes) {
    begin(echo("a", "port = 80\nbacklog = 100000\n"));
    EXPECT_EQ(kernel_.log, Lines{});
    EXPECT_EQ(config::get(kernel_.state.services.at("a").settings, "backlog"), "4096");
}

TEST(ConfigModules, areLoadedWhereAProtocolIsMissing) {
    FakeKernel kernel;
    kernel.state = {};
    const std::string text = "[services.clock]\nprotocol = \"udp_time\"\n" + echo("tcp_echo", "");
    EXPECT_EQ(
        writes_of(plan_for(kernel, text)),
        (Lines{"load kinetd", "load proto_time", "load proto_tcp_echo",
               "protocols/tcp_time/delete_service=tcp_time",
               "protocols/udp_time/delete_service=udp_time", "protocols/udp_time/new_service=clock",
               "services/clock/enabled=1", "services/tcp_echo/enabled=1"}));
    ASSERT_EQ(apply_to(kernel, text), "");
    EXPECT_TRUE(plan_for(kernel, text).steps.empty());
    EXPECT_EQ(kernel.state.services.size(), 2U);
}

TEST_F(ConfigPlan, warnsOfConnectionsThatClose) {
    begin(echo("a", "port = 80\n") + echo("b", "port = 81\nenabled = false\n") +
          echo("c", "port = 82\n") + echo("d", "port = 83\nenabled = false\n"));
    const auto plan = plan_for(
        kernel_, echo("a", "port = 80\nenabled = false\n") + echo("b", "port = 81\n"), true);
    EXPECT_TRUE(warns(plan, "services.a.enabled", "closes its connections"));
    EXPECT_FALSE(warns(plan, "services.b.enabled", "closes"));
    EXPECT_TRUE(warns(plan, "services.c", "closes its connections"));
    EXPECT_FALSE(warns(plan, "services.d", "closes"));
}

/// Who is not to listen is in nobody's way.
TEST_F(ConfigPlan, needsNoPlaceForWhatIsDisabled) {
    begin(echo("old", at("0.0.0.0", 80)));
    const auto text = echo("web", "port = 80\nenabled = false\n");
    go_to(text);
    EXPECT_TRUE(kernel_.connected("old"));
    EXPECT_EQ(writes_of(plan_for(kernel_, text, true)),
              (Lines{"protocols/tcp_echo/delete_service=old"}));
}

/// However the kernel spells them: else each apply would write them again.
TEST(ConfigState, spellsValuesAsAFileDoes) {
    const FakeTree fake;
    fake.put("services/tcp_echo/address", "::102:304");
    fake.put("pools/default/cpus", "0,1,2,5");
    const auto snapshot = tree::Tree(fake.root()).read_snapshot();
    ASSERT_TRUE(snapshot.ok());
    const auto state = config::state_of(*snapshot, {"proto_tcp_echo"});
    const auto file = document("[pools.default]\ncpus = \"0-2,5\"\n" +
                               echo("tcp_echo", "address = \"::1.2.3.4\"\n"));
    EXPECT_EQ(config::get(state.services.at("tcp_echo").settings, "address"),
              config::get(file.config.services.at("tcp_echo").settings, "address"));
    EXPECT_EQ(config::get(state.pools.at("default"), "cpus"),
              config::get(file.config.pools.at("default").settings, "cpus"));
}

/// What cannot come about is told before anything is written.
class ConfigObstacle : public ConfigPlan {
protected:
    void expect_obstacle(const std::string &text, const std::string &message) {
        const auto result = apply_to(kernel_, text);
        EXPECT_EQ(result.substr(0, message.size()), message);
        EXPECT_TRUE(kernel_.log.empty());
    }
};

TEST_F(ConfigObstacle, isAServiceThatTheFileDoesNotName) {
    begin(echo("old", at("0.0.0.0", 80)));
    expect_obstacle(echo("web", "port = 80\n"),
                    "file:3: services.web: tcp port 80 on 127.0.0.1 is taken by service old, which "
                    "this file does not name; add it here");
}

TEST_F(ConfigObstacle, isAnotherNetworkNamespace) {
    begin(echo("web", "port = 80\n"));
    kernel_.state.services.at("web").netns = "4026532000";
    expect_obstacle(echo("web", "port = 81\n"),
                    "file:1: services.web: the service of that name is in another network");
}

TEST_F(ConfigObstacle, isACpuThatIsNotThere) {
    expect_obstacle("[pools.p]\ncpus = \"6-8\"\n",
                    "file:2: pools.p.cpus = \"6-8\" names CPUs that this machine has not; it has "
                    "0-7");
}

TEST_F(ConfigObstacle, isAModuleWhoseServiceHasItsNameTaken) {
    kernel_.state.protocols.erase("tcp_time");
    begin(echo("tcp_time", "port = 80\n"));
    expect_obstacle("[services.t]\nprotocol = \"tcp_time\"\n",
                    "file:2: services.t: protocol = \"tcp_time\" needs the module proto_time");
}

TEST_F(ConfigObstacle, isAProtocolThatNoModuleBrings) {
    kernel_.state.modules = {"proto_other"};
    expect_obstacle("modules = [\"proto_other\"]\n[services.s]\nprotocol = \"x\"\nport = 1\n",
                    "file:3: services.s: protocol = \"x\" is registered by none of the modules");
}

TEST_F(ConfigObstacle, isASettingThatAProtocolOfOthersHasNot) {
    kernel_.state.modules = {"proto_other"};
    kernel_.state.protocols["x"] = false;
    kernel_.state.services["s"] = {
        "x", {{"flavour", "sweet"}, {"port", "1"}}, FakeKernel::machine().netns};
    expect_obstacle("modules = [\"proto_other\"]\n[services.s]\nprotocol = \"x\"\nport = 1\n"
                    "flavor = 1\n",
                    "file:2: services.s: address: x has no such setting; it has");
}

} // namespace
} // namespace kinetd::test
