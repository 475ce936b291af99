// SPDX-License-Identifier: GPL-2.0
/// \file
/// Threads come and go, move and change while they serve, and no connection notices.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "support/cpu.hpp"
#include "support/fixture.hpp"
#include "support/hammer.hpp"
#include "support/health.hpp"
#include "support/inside.hpp"

namespace kinetd::suite {
namespace {

/// Takes all of a CPU.
class Hog {
public:
    explicit Hog(int cpu)
        : thread_([this, cpu] {
              const OnCpu here(cpu);
              while (!stopping_)
                  ;
          }) {}
    ~Hog() {
        stopping_ = true;
        thread_.join();
    }
    Hog(const Hog &) = delete;
    Hog &operator=(const Hog &) = delete;

private:
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

class PoolOf : public EchoTest {
protected:
    static std::size_t threads_of(const std::string &pool) {
        const auto threads = worker_threads();
        const auto prefix = "kinetd/" + pool + "/";
        return static_cast<std::size_t>(
            std::count_if(threads.begin(), threads.end(),
                          [&](const Thread &thread) { return thread.name.rfind(prefix, 0) == 0; }));
    }

    static void expect_threads(const Pool &pool, const std::string &name, std::size_t count) {
        const auto set = pool.set("threads", static_cast<std::int64_t>(count));
        ASSERT_TRUE(set.ok()) << set.text();
        EXPECT_EQ(pool.number("threads"), count);
        EXPECT_TRUE(wait_for([&] { return threads_of(name) == count; }, patience(seconds(5))))
            << threads_of(name) << " instead of " << count;
    }

    /// One thread, on CPU 1, where nothing else is, and serves whatever the environment says.
    void set_apart() {
        ASSERT_TRUE(service_.set("exec", "thread").ok());
        ASSERT_TRUE(pool_.set("cpus", "1").ok());
        expect_threads(pool_, "default", 1);
        worker_ = worker_threads().at(0).pid;
    }

    /// How often the thread of set_apart() slept during so many round trips.
    [[nodiscard]] std::uint64_t sleeps(int round_trips) {
        const OnCpu here(0);
        const auto socket = client();
        for (int i = 0; i < 10; i++)
            EXPECT_TRUE(round_trip(socket, "warm").ok());
        const auto before = context_switches(worker_);
        for (int i = 0; i < round_trips; i++)
            EXPECT_TRUE(round_trip(socket, "poll").ok());
        return context_switches(worker_) - before;
    }

    const int flips_ = sized(40, 5, 1000);
    int worker_ = 0;
};

TEST_F(PoolOf, threadsThatCarryItsName) {
    expect_threads(pool_, "default", 3);
    std::vector<std::string> names;
    for (const auto &thread : worker_threads())
        names.push_back(thread.name);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"kinetd/default/0", "kinetd/default/1",
                                               "kinetd/default/2"}));
}

TEST_F(PoolOf, anyNumberOfThreads) {
    for (const std::size_t count : {1, 2, 8, 1, 64, 1})
        expect_threads(pool_, "default", count);
    expect_service();
}

TEST_F(PoolOf, aThousandThreads) {
    expect_threads(pool_, "default", sized<std::size_t>(1024, 200, 1024));
    expect_service();
    expect_threads(pool_, "default", 1);
    expect_service();
}

TEST_F(PoolOf, threadsThatChangeUnderTraffic) {
    Traffic traffic(at(), 40);
    ASSERT_TRUE(traffic.flows());
    for (int i = 0; i < flips_; i++)
        expect_threads(pool_, "default", 1 + static_cast<std::size_t>(i * 5 % 8));
    ASSERT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(PoolOf, threadsThatChangeUnderResets) {
    // A connection that has ended may still wait in the list of a thread that is about to go.
    Churn one(at(), Churn::Close::by_reset);
    Churn two(at(), Churn::Close::unsent);
    for (int i = 0; i < 3 * flips_; i++)
        ASSERT_TRUE(pool_.set("threads", i % 2 != 0 ? 1 : 4).ok());
    const auto removal = remove_echo();
    EXPECT_TRUE(removal.status.ok()) << removal.status.text();
    EXPECT_LT(removal.took, patience(seconds(2)));
}

TEST_F(PoolOf, threadsThatChangeWithFullQueues) {
    // A connection that waits for room sits in no list; its thread must not take it along.
    std::vector<Descriptor> deaf;
    std::vector<std::uint64_t> taken;
    for (int i = 0; i < 8; i++) {
        deaf.push_back(client({.receive_buffer = 4096, .send_buffer = 65536}));
        taken.push_back(fill(deaf.back(), patience(Milliseconds(50))).value());
    }
    for (const std::size_t count : {8, 1, 5, 1})
        expect_threads(pool_, "default", count);
    for (std::size_t i = 0; i < deaf.size(); i++) {
        const auto answer = receive_exactly(deaf[i], taken[i], patience(seconds(20)));
        ASSERT_TRUE(answer.ok()) << answer.text();
    }
}

TEST_F(PoolOf, idleConnectionsSurviveAChange) {
    expect_threads(pool_, "default", 8);
    auto sockets = clients(64);
    for (const std::size_t count : {1, 4, 1, 8, 2}) {
        expect_threads(pool_, "default", count);
        for (const auto &socket : sockets) {
            const auto answer = round_trip(socket, "x");
            ASSERT_TRUE(answer.ok()) << answer.text();
        }
    }
}

TEST_F(PoolOf, cpusThatChangeUnderTraffic) {
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "one CPU";
    expect_threads(pool_, "default", 4);
    Traffic traffic(at(), 20);
    ASSERT_TRUE(traffic.flows());
    for (int i = 0; i < flips_; i++) {
        const std::string cpus = i % 3 == 0 ? "0" : i % 3 == 1 ? "1" : "0-1";
        const auto set = pool_.set("cpus", cpus);
        ASSERT_TRUE(set.ok()) << set.text();
        ASSERT_EQ(pool_.get("cpus"), cpus);
    }
    ASSERT_TRUE(pool_.set("cpus", "1").ok());
    for (const auto &thread : worker_threads()) {
        cpu_set_t set;
        ASSERT_EQ(::sched_getaffinity(thread.pid, sizeof set, &set), 0);
        EXPECT_EQ(CPU_COUNT(&set), 1) << thread.name;
        EXPECT_TRUE(CPU_ISSET(1, &set)) << thread.name;
    }
    ASSERT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(PoolOf, newThreadsGetTheCpusAndTheNiceValue) {
    ASSERT_TRUE(pool_.set("nice", -5).ok());
    ASSERT_TRUE(pool_.set("cpus", "0").ok());
    expect_threads(pool_, "default", 4);
    for (const auto &thread : worker_threads()) {
        errno = 0;
        EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(thread.pid)), -5) << thread.name;
        EXPECT_EQ(errno, 0);
        cpu_set_t set;
        ASSERT_EQ(::sched_getaffinity(thread.pid, sizeof set, &set), 0);
        EXPECT_EQ(CPU_COUNT(&set), 1) << thread.name;
    }
}

TEST_F(PoolOf, niceThatChangesUnderTraffic) {
    Traffic traffic(at(), 10);
    ASSERT_TRUE(traffic.flows());
    for (const int nice : {-20, 19, 0, 5, -5, 0}) {
        ASSERT_TRUE(pool_.set("nice", nice).ok());
        ASSERT_EQ(pool_.get("nice"), std::to_string(nice));
        for (const auto &thread : worker_threads())
            EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(thread.pid)), nice);
    }
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(PoolOf, threadsThatPollDoNotSleepBetweenMessages) {
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "one CPU";
    ASSERT_NO_FATAL_FAILURE(set_apart());
    const auto slept = sleeps(200);
    EXPECT_GT(slept, 100U);
    ASSERT_TRUE(pool_.set("busy_poll_us", 10'000).ok());
    // Where a round trip takes milliseconds, many are longer than what may be polled.
    EXPECT_LT(sleeps(200), slept * sized(3U, 6U, 3U) / 4);
    // Without work it sleeps all the same.
    EXPECT_TRUE(wait_for([] { return worker_threads().at(0).state == 'I'; }, patience(seconds(5))));
    const auto ticks = cpu_ticks(worker_);
    std::this_thread::sleep_for(Milliseconds(300));
    EXPECT_LE(cpu_ticks(worker_), ticks + 10);
    ASSERT_TRUE(pool_.set("busy_poll_us", 0).ok());
    EXPECT_GT(sleeps(200), 100U);
}

TEST_F(PoolOf, threadsThatPollLeaveTheCpuToOthers) {
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "one CPU";
    ASSERT_NO_FATAL_FAILURE(set_apart());
    const auto socket = client();
    const auto ticks_of_a_second = [&] {
        const OnCpu here(0);
        const auto before = cpu_ticks(worker_);
        for (const Stopwatch watch; watch.elapsed() < seconds(1);) {
            EXPECT_TRUE(round_trip(socket, "now and then").ok());
            std::this_thread::sleep_for(Milliseconds(4));
        }
        return cpu_ticks(worker_) - before;
    };
    // Who polls and does not give way takes half of the CPU from the other.
    const Hog hog(1);
    const auto working = ticks_of_a_second();
    ASSERT_TRUE(pool_.set("busy_poll_us", 10'000).ok());
    EXPECT_LT(ticks_of_a_second(), working + sized(15U, 40U, 15U));
}

TEST_F(PoolOf, threadsThatPollComeAndGo) {
    Traffic traffic(at(), 10);
    ASSERT_TRUE(traffic.flows());
    for (int i = 0; i < flips_; i++) {
        ASSERT_TRUE(pool_.set("busy_poll_us", i % 3 * 5'000).ok());
        ASSERT_TRUE(pool_.set("threads", 1 + i % 4).ok());
    }
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(PoolOf, anotherPoolTakesOverUnderTraffic) {
    ASSERT_TRUE(new_pool("second").ok());
    const Pool second("second");
    expect_threads(second, "second", 2);
    Traffic before(at(), 10);
    ASSERT_TRUE(before.flows());
    ASSERT_TRUE(service_.set("pool", "second").ok());
    Traffic after(at(), 10);
    ASSERT_TRUE(after.flows());
    // Both are in use: one by the service and its new connections, one because it always is.
    EXPECT_EQ(delete_pool("second").code(), EBUSY);
    EXPECT_EQ(delete_pool("default").code(), EBUSY);
    for (int i = 0; i < flips_; i++)
        ASSERT_TRUE(service_.set("pool", i % 2 == 0 ? "default" : "second").ok());
    ASSERT_TRUE(service_.set("pool", "default").ok());
    EXPECT_EQ(delete_pool("second").code(), EBUSY) << "connections still live there";
    ASSERT_TRUE(before.flows());
    ASSERT_TRUE(after.flows());
    EXPECT_EQ(before.finish(), "");
    EXPECT_EQ(after.finish(), "");
    EXPECT_TRUE(wait_for([] { return delete_pool("second").ok(); }, patience(seconds(5))));
    EXPECT_FALSE(second.present());
    EXPECT_TRUE(wait_for([] { return threads_of("second") == 0; }, patience(seconds(5))));
    expect_service();
}

TEST_F(PoolOf, threadsThatPollLetTheProtocolGo) {
    ASSERT_TRUE(pool_.set("busy_poll_us", 10'000).ok());
    Traffic traffic(at(), 4);
    ASSERT_TRUE(traffic.flows());
    const auto removal = remove_echo();
    EXPECT_TRUE(removal.status.ok()) << removal.status.text();
    EXPECT_EQ(traffic.end(), "");
}

TEST_F(PoolOf, manyPools) {
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < 20; i++)
            ASSERT_TRUE(new_pool("p" + std::to_string(i)).ok());
        EXPECT_EQ(new_pool("p7").code(), EEXIST);
        for (int i = 0; i < 20; i++)
            ASSERT_TRUE(delete_pool("p" + std::to_string(i)).ok());
        EXPECT_EQ(delete_pool("p7").code(), ENOENT);
    }
    EXPECT_EQ(list(sysfs_root + "/pools"), std::vector<std::string>{"default"});
}

class Cpu {
public:
    /// CPU 1 may be missing, or fixed.
    static bool can_flip() { return exists(file); }
    static Status online(bool yes) { return write_file(file, yes ? "1" : "0"); }

private:
    static constexpr const char *file = "/sys/devices/system/cpu/cpu1/online";
};

class Hotplug : public PoolOf {
protected:
    void SetUp() override {
        if (!Cpu::can_flip())
            GTEST_SKIP() << "CPU 1 is not there or stays";
        PoolOf::SetUp();
    }
    void TearDown() override {
        if (Cpu::can_flip())
            (void)Cpu::online(true);
    }

    void flip_under_traffic() {
        Traffic traffic(at(), 20);
        ASSERT_TRUE(traffic.flows());
        const int flips = sized(20, 2, 200);
        for (int i = 0; i < flips; i++) {
            const auto flipped = Cpu::online(i % 2 != 0);
            ASSERT_TRUE(flipped.ok()) << flipped.text();
            ASSERT_TRUE(traffic.flows(20'000)) << "no traffic after flip " << i;
        }
        ASSERT_TRUE(Cpu::online(true).ok());
        expect_service();
        EXPECT_EQ(traffic.finish(), "");
    }
};

TEST_F(Hotplug, ofACpuThatThreadsRunOn) {
    expect_threads(pool_, "default", 4);
    flip_under_traffic();
}

TEST_F(Hotplug, ofTheOnlyCpuOfAPool) {
    ASSERT_TRUE(pool_.set("cpus", "1").ok());
    // Who polls does not keep its CPU from leaving.
    ASSERT_TRUE(pool_.set("busy_poll_us", 10'000).ok());
    flip_under_traffic();
    EXPECT_EQ(pool_.get("cpus"), "1");
}

TEST_F(Hotplug, whilePoolsAreMadeAndChanged) {
    const auto name = [](int i) { return "p" + std::to_string(i % 2); };
    Hammer hammer({
        [=](int i) { return new_pool(name(i)); },
        [=](int i) { return Pool(name(i)).set("cpus", "1"); },
        [=](int i) { return Pool(name(i)).set("threads", 1 + i % 4); },
        [=](int i) { return Pool(name(i)).set("cpus", i % 2 != 0 ? "0" : "0-1"); },
        [=](int i) { return delete_pool(name(i)); },
        [this](int i) { return pool_.set("threads", 1 + i % 4); },
        [=, this](int i) { return service_.set("pool", i % 2 != 0 ? "default" : name(i / 2)); },
        [this](int i) { return service_.set("exec", i % 2 != 0 ? "inline" : "thread"); },
    });
    Traffic traffic(at(), 4);
    for (int i = 0; i < sized(20, 4, 200); i++) {
        const auto before = hammer.hits();
        const auto flipped = Cpu::online(i % 2 != 0);
        ASSERT_TRUE(flipped.ok()) << flipped.text();
        EXPECT_TRUE(wait_for([&] { return hammer.hits() >= before + 20; }, patience(seconds(10))));
    }
    hammer.stop();
    ASSERT_TRUE(Cpu::online(true).ok());
    EXPECT_EQ(hammer.surprises({ENOENT, ENODEV, EEXIST, EINVAL, EBUSY}), "");
    EXPECT_EQ(traffic.finish(), "");
    ASSERT_TRUE(service_.set("pool", "default").ok());
    for (const int i : {0, 1})
        (void)delete_pool(name(i));
    expect_service();
}

TEST_F(Hotplug, whileServicesEnd) {
    Hammer hammer({[](int i) { return Cpu::online(i % 2 != 0); }});
    for (int i = 0; i < sized(10, 3, 100); i++) {
        const auto flips = hammer.hits();
        auto place = NetworkNamespace::create().value();
        std::optional<Traffic> inside;
        ASSERT_NO_FATAL_FAILURE(start_inside(place, {.port = port_}));
        place.run([&] {
            inside.emplace(at(), 4);
            ASSERT_TRUE(inside->flows(20'000));
        });
        Traffic outside(at(), 4);
        ASSERT_TRUE(outside.flows(20'000));
        EXPECT_TRUE(wait_for([&] { return hammer.hits() > flips + 1; }, patience(seconds(10))));
        if (i % 2 != 0) {
            EXPECT_EQ(delete_service("inside").code(), 0);
            EXPECT_EQ(inside->end(), "");
        }
        inside.reset();
        place.drop();
        EXPECT_TRUE(goes());
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_EQ(outside.end(), "");
        load();
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises({}), "");
    ASSERT_TRUE(Cpu::online(true).ok());
    expect_service();
}

TEST_F(Hotplug, whileTheCpuIsAway) {
    ASSERT_TRUE(Cpu::online(false).ok());
    expect_threads(pool_, "default", 4);
    expect_service();
    ASSERT_TRUE(Cpu::online(true).ok());
    expect_service();
    expect_threads(pool_, "default", 1);
    expect_service();
}

} // namespace
} // namespace kinetd::suite
