// SPDX-License-Identifier: GPL-2.0
/// \file
/// The oracle itself: it must see trouble where there is some, and none where there is none.
#include <gtest/gtest.h>

#include "support/clock.hpp"
#include "support/file.hpp"
#include "support/health.hpp"
#include "support/kernel_log.hpp"
#include "support/leaks.hpp"
#include "support/oracle.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

TEST(Oracle, seesTroubleInTheLog) {
    for (const char *line :
         {"WARNING: CPU: 0 PID: 1 at core/pool.c:12 kinetd_pool_free+0x1/0x2 [kinetd]",
          "BUG: KASAN: slab-use-after-free in kinetd_conn_put+0x1/0x2",
          "BUG: unable to handle page fault for address: ffffffffc0000000",
          "BUG: sleeping function called from invalid context at mm/slab.h:1",
          "BUG kinetd_conn (Not tainted): Objects remaining in kinetd_conn on shutdown",
          "kmem_cache_destroy kinetd_conn: Slab cache still has objects when called from",
          "WARNING: possible circular locking dependency detected",
          "WARNING: possible recursive locking detected",
          "WARNING: suspicious RCU usage",
          "WARNING: inconsistent lock state",
          "ODEBUG: free active (active state 0) object type: timer_list",
          "ref_tracker: net notrefcnt@000 has 1/1 users at",
          "refcount_t: underflow; use-after-free.",
          "INFO: task rmmod:123 blocked for more than 120 seconds.",
          "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
          "rcu: INFO: rcu_sched self-detected stall on CPU",
          "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!",
          "Oops: 0000 [#1] PREEMPT SMP",
          "RIP: 0010:kinetd_listener_work+0x1/0x2",
          "Call Trace:",
          "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
          "unregister_netdevice: waiting for lo to become free. Usage count = 2",
          "kinetd/default/: page allocation failure: order:0, mode:0x820(GFP_ATOMIC)",
          "sysfs: cannot create duplicate filename '/kernel/kinetd'",
          "list_del corruption. prev->next should be",
          "UBSAN: shift-out-of-bounds in core/stats.c",
          "INFO: lockdep is turned off, 1 lock held by kinetd/0/1"})
        EXPECT_TRUE(speaks_of_trouble(line)) << line;
}

TEST(Oracle, leavesTheRestOfTheLogAlone) {
    for (const char *line :
         {"kinetd: loading out-of-tree module taints kernel.",
          "kinetd: module verification failed: signature and/or required key missing",
          "tcp_echo: 127.0.0.1 port 7 cannot be bound: -98", "smpboot: CPU 1 is now offline",
          "TCP: request_sock_TCP: Possible SYN flooding on port 127.0.0.1:7. Sending cookies.",
          "kinetd_suites: Oracle.seesTroubleInTheLog", "audit: type=1400", "install complete",
          "proto_tcp_echo: `x' invalid for parameter `port'", ""})
        EXPECT_FALSE(speaks_of_trouble(line)) << line;
}

TEST(Oracle, findsALineThatTheKernelLogged) {
    KernelLog log;
    log_line("WARNING: a made-up one, kinetd_suites checks its own eyes");
    std::vector<std::string> lines;
    ASSERT_TRUE(wait_for(
        [&] {
            for (auto &line : log.take())
                lines.push_back(line);
            return !lines.empty();
        },
        seconds(5)));
    EXPECT_EQ(complaints(lines, {}).size(), 1U);
    EXPECT_TRUE(complaints(lines, {"a made-up one"}).empty());
    Oracle::allow("a made-up one");
}

TEST(Oracle, readsRecords) {
    EXPECT_EQ(record_text("4,1234,5678,-;a line\n SUBSYSTEM=net\n"), "a line");
    EXPECT_EQ(record_text("4,1234,5678,c;with; semicolon"), "with; semicolon");
}

TEST(Oracle, knowsTaint) {
    EXPECT_EQ(meaningful_taint(12288), 0U);
    EXPECT_EQ(meaningful_taint(12288 + 512), 512U);
    EXPECT_EQ(meaningful_taint(128), 128U);
}

TEST(Oracle, knowsABlindLockdep) {
    EXPECT_TRUE(
        lockdep_says_on(" max locking depth: 12\n debug_locks:                           1\n"));
    EXPECT_FALSE(lockdep_says_on(" debug_locks:                           0\n"));
    EXPECT_TRUE(lockdep_says_on(""));
}

TEST(Oracle, countsSlabObjects) {
    const auto counts = parse_slabinfo(
        "slabinfo - version: 2.1\n# name <active_objs> <num_objs>\n"
        "kinetd_conn            7     32    512    8    1 : tunables 0 0 0 : slabdata 4 4 0\n"
        "kinetd_source          0      0     64   64    1 : tunables 0 0 0 : slabdata 0 0 0\n"
        "TCP                   12     12   2368   13    8 : tunables 0 0 0 : slabdata 1 1 0\n");
    ASSERT_EQ(counts.size(), 2U);
    EXPECT_EQ(counts.at("kinetd_conn"), 7U);
    EXPECT_EQ(counts.at("kinetd_source"), 0U);
}

TEST(Oracle, readsThreadStates) {
    EXPECT_EQ(state_of("12 (kinetd/a) b/0) D 2 0"), 'D');
    EXPECT_EQ(state_of("12 (x) I 2 0"), 'I');
    EXPECT_EQ(state_of("nothing"), '\0');
    EXPECT_EQ(name_in("12 (kinetd/a) b/0) D 2 0"), "kinetd/a) b/0");
    EXPECT_EQ(name_in("nothing"), "");
}

TEST(Oracle, readsLeaks) {
    EXPECT_TRUE(parse_leaks("").empty());
    const auto leaks = parse_leaks("unreferenced object 0xffff (size 64):\n"
                                   "  comm \"insmod\", pid 1, jiffies 4294912345 (age 10.1s)\n"
                                   "  backtrace:\n    kinetd_service_create\n"
                                   "unreferenced object 0xfffe (size 8):\n"
                                   "  comm \"softirq\", pid 0, jiffies 4294912346\n");
    ASSERT_EQ(leaks.size(), 2U);
    EXPECT_NE(leaks[0].report.find("kinetd_service_create"), std::string::npos);
    EXPECT_EQ(leaks[0].born, 4294912345U);
    EXPECT_EQ(leaks[1].born, 4294912346U);
    EXPECT_EQ(parse_jiffies("cpu: 0\n clock 0:\njiffies: 4294912345\n"), 4294912345U);
}

TEST(Oracle, knowsWhoseALeakIs) {
    LeakHunt hunt;
    EXPECT_EQ(hunt.test_at(7), "");
    hunt.begin("One.first", 100);
    hunt.begin("One.second", 200);
    EXPECT_EQ(hunt.test_at(99), "") << "from before the tests";
    EXPECT_EQ(hunt.test_at(100), "One.first");
    EXPECT_EQ(hunt.test_at(199), "One.first");
    EXPECT_EQ(hunt.test_at(200), "One.second");
}

TEST(Oracle, readsTheKernelsClock) {
    if (has_leak_detector()) {
        EXPECT_GT(parse_jiffies(read_file("/proc/timer_list").value()), 0U);
    }
}

TEST(Pattern, showsAnyChange) {
    const Pattern pattern(3);
    auto bytes = pattern.bytes(65500, 200);
    EXPECT_TRUE(pattern.matches(65500, bytes));
    EXPECT_FALSE(pattern.matches(65501, bytes));
    EXPECT_FALSE(pattern.matches(65500 + 65536, bytes));
    EXPECT_FALSE(Pattern(5).matches(65500, bytes));
    bytes[199] = static_cast<char>(bytes[199] ^ 1);
    EXPECT_FALSE(pattern.matches(65500, bytes));
}

TEST(Pattern, hashesAlikeHoweverCut) {
    const auto bytes = Pattern(9).bytes(0, 10'007);
    Hash whole;
    Hash pieces;
    Hash other;
    whole.add(bytes);
    for (std::size_t at = 0, size = 1; at < bytes.size(); at += size, size = size * 3 % 101 + 1)
        pieces.add(std::string_view(bytes).substr(at, size));
    EXPECT_EQ(whole.value(), pieces.value());
    other.add(std::string_view(bytes).substr(0, 10'006));
    EXPECT_NE(whole.value(), other.value());
    other.add("?");
    EXPECT_NE(whole.value(), other.value());
}

} // namespace
} // namespace kinetd::suite
