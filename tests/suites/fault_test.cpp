// SPDX-License-Identifier: GPL-2.0
/// \file
/// Every allocation fails once: each step undoes itself, and the second try works.
#include <functional>
#include <initializer_list>

#include "support/datagram_fixture.hpp"
#include "support/fault.hpp"
#include "support/hammer.hpp"
#include "support/health.hpp"
#include "support/kind.hpp"

namespace kinetd::suite {
namespace {

/// What calls a module's init. The module loader before it has faults of its own: its tracing
/// warns where it has no memory.
constexpr const char *init_caller = "do_init_module";

class Fault : public KindTest {
protected:
    void SetUp() override {
        if (!can_inject())
            GTEST_SKIP() << "this kernel has no fault injection";
        KindTest::SetUp();
    }
};

TEST_P(Fault, inInsmodOfTheProtocol) {
    ASSERT_TRUE(unload().status.ok());
    const Injection injection;
    Injection::only_below(init_caller);
    expect_unwinding(
        "insmod", [this] { return insert_protocol(module_, parameters_for(port_)); },
        [this](const Status &status) {
            if (status) {
                ASSERT_TRUE(unload().status.ok());
            }
            ASSERT_FALSE(is_loaded(module_));
            ASSERT_TRUE(list(sysfs_root + "/services").empty());
            ASSERT_TRUE(list(sysfs_root + "/protocols").empty());
        });
}

// Where a folder is taken back half made, sysfs waits for whoever reads in it already.
TEST_P(Fault, inNewServices) {
    Hammer reader({reading(Service("extra").path() + "/protocol")});
    const Injection injection;
    expect_unwinding(
        "new_service", [] { return make_service("extra"); },
        [](const Status &status) {
            ASSERT_EQ(Service("extra").present(), status.ok());
            if (status) {
                ASSERT_TRUE(end_service("extra").ok());
            }
        });
    EXPECT_EQ(reader.surprises({ENOENT, ENODEV}), "");
    expect_service();
}

TEST_P(Fault, inEnabling) {
    const Injection injection;
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    expect_unwinding(
        "enabled", [this] { return service_.set("enabled", 1); },
        [this](const Status &status) {
            ASSERT_EQ(service_.number("enabled"), status.ok() ? 1U : 0U);
            ASSERT_TRUE(service_.set("enabled", 0).ok());
        });
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    expect_service();
}

TEST_P(Fault, inMoving) {
    // Where the new socket cannot be made the old one goes on.
    const Injection injection;
    const auto other = static_cast<std::uint16_t>(port_ + 5000);
    expect_unwinding(
        "port", [&] { return service_.set("port", other); },
        [&](const Status &status) {
            ASSERT_EQ(service_.number("port"), status.ok() ? other : port_);
            expect_service({"127.0.0.1", status.ok() ? other : port_});
            ASSERT_TRUE(service_.set("port", port_).ok());
        });
    expect_unwinding(
        "address", [this] { return service_.set("address", "0.0.0.0"); },
        [this](const Status &status) {
            ASSERT_EQ(service_.get("address"), status.ok() ? "0.0.0.0" : "127.0.0.1");
            expect_service();
            ASSERT_TRUE(service_.set("address", "127.0.0.1").ok());
        });
}

TEST_P(Fault, inMoreThreads) {
    const Injection injection;
    expect_unwinding(
        "threads", [this] { return pool_.set("threads", 6); },
        [this](const Status &status) {
            // Some may have been made; what a read gives is what there is.
            const auto now = pool_.number("threads");
            if (status) {
                ASSERT_EQ(now, 6U);
            }
            ASSERT_TRUE(
                wait_for([&] { return worker_threads().size() == now; }, patience(seconds(5))));
            expect_service();
            ASSERT_TRUE(pool_.set("threads", 1).ok());
        });
}

TEST_P(Fault, inTheOtherSettings) {
    const Injection injection;
    ASSERT_TRUE(new_pool("other").ok());
    struct Setting {
        const Folder *folder;
        const char *attribute;
        const char *value;
        const char *old;
    };
    for (const auto &setting :
         std::initializer_list<Setting>{{&service_, "pool", "other", "default"},
                                        {&service_, "max_connections", "5", "16384"},
                                        {&service_, "max_per_source", "5", "0"},
                                        {&service_, "idle_timeout_ms", "50000", "0"},
                                        {&service_, "send_timeout_ms", "50000", "120000"},
                                        {&service_, "backlog", "5", "128"},
                                        {&pool_, "nice", "5", "0"},
                                        {&pool_, "cpus", "0", "0-1"}})
        expect_unwinding(
            setting.attribute,
            [&] { return setting.folder->set(setting.attribute, setting.value); },
            [&](const Status &status) {
                if (status) {
                    ASSERT_EQ(setting.folder->get(setting.attribute), setting.value);
                }
                ASSERT_TRUE(setting.folder->set(setting.attribute, setting.old).ok());
            });
    expect_service();
}

INSTANTIATE_TEST_SUITE_P(Of, Fault, testing::Values(tcp_echo_kind, udp_echo_kind), name_of);

class TcpFault : public EchoTest {
protected:
    void SetUp() override {
        if (!can_inject())
            GTEST_SKIP() << "this kernel has no fault injection";
        EchoTest::SetUp();
    }
};

TEST_F(TcpFault, inInsmodOfTheCore) {
    ASSERT_TRUE(remove_everything().ok());
    const Injection injection;
    Injection::only_below(init_caller);
    Injection::not_below("sysfs_slab_add"); // leaks the name of a cache's folder, to this day
    expect_unwinding(
        "insmod", [] { return insert_core(); },
        [](const Status &status) {
            if (status) {
                ASSERT_TRUE(remove_module(core_name).ok());
            }
            ASSERT_FALSE(is_loaded(core_name));
            ASSERT_FALSE(exists(sysfs_root));
        });
}

TEST_F(TcpFault, inNewPools) {
    Hammer reader({reading(Pool("extra").path() + "/threads")});
    const Injection injection;
    expect_unwinding(
        "new_pool", [] { return new_pool("extra"); },
        [](const Status &status) {
            ASSERT_EQ(Pool("extra").present(), status.ok());
            if (status) {
                ASSERT_TRUE(delete_pool("extra").ok());
            }
        });
    EXPECT_EQ(reader.surprises({ENOENT, ENODEV}), "");
    expect_service();
}

TEST_F(TcpFault, inTheWorkersUnderTraffic) {
    const Injection injection;
    ASSERT_TRUE(pool_.set("threads", 2).ok());
    for (const int percent : {1, 10, 50}) {
        Shortage shortage(worker_threads(), percent);
        // Connections may be lost for want of memory, but never a byte within one.
        Churn polite(at(), Churn::Close::politely, {.limit = seconds(10)});
        Churn rude(at(), Churn::Close::unsent, {.limit = seconds(10)});
        Crowd crowd;
        (void)crowd.add(at(), 10, Plan{.bytes = 100'000});
        (void)crowd.run_until_back(seconds(3)); // or not: with the most failures it never is
        EXPECT_EQ(crowd.count(State::corrupt), 0U) << crowd.first_not(State::complete);
        shortage.end();
        polite.stop();
        rude.stop();
        // And when there is memory again, everything that the server still has goes on. A client
        // may wait for one that it has not: TCP tries neither a FIN nor a reset a second time.
        const auto owes_nothing = [this, &crowd] {
            return crowd.run_until_back(Milliseconds(200)) || service_.active() == 0;
        };
        EXPECT_TRUE(wait_for(owes_nothing, patience(seconds(20))))
            << "at " << percent << " %, " << crowd.first(State::running) << "\n"
            << *read_file("/sys/kernel/debug/kinetd/connections");
        EXPECT_EQ(crowd.count(State::corrupt), 0U) << crowd.first_not(State::complete);
        expect_service();
        EXPECT_TRUE(service_.reaches("connections_active", 0, patience(seconds(20))));
    }
    EXPECT_TRUE(service_.comes_to_rest());
}

class UdpFault : public UdpEchoTest {
protected:
    void SetUp() override {
        if (!can_inject())
            GTEST_SKIP() << "this kernel has no fault injection";
        UdpEchoTest::SetUp();
    }

    void expect_nothing_lost() const {
        DatagramTraffic traffic(at(), 10);
        EXPECT_TRUE(traffic.flows());
        EXPECT_EQ(traffic.finish(), "");
    }
};

TEST_F(UdpFault, inTheWorkersUnderTraffic) {
    const Injection injection;
    ASSERT_TRUE(pool_.set("threads", 2).ok());
    for (const int percent : {1, 10, 50}) {
        Shortage shortage(worker_threads(), percent);
        DatagramTraffic traffic(at(), 10, {.largest = 4000, .loss_after = Milliseconds(100)});
        EXPECT_TRUE(traffic.flows(300)) << percent;
        shortage.end();
        EXPECT_EQ(traffic.end(), "") << percent;
        expect_nothing_lost();
        EXPECT_TRUE(wait_for(
            [this] {
                const auto now = counts();
                return now.received == now.sent + now.dropped + now.errors;
            },
            patience(seconds(5))))
            << testing::PrintToString(counts());
    }
}

TEST_F(UdpFault, inMovingUnderTraffic) {
    const Injection injection;
    DatagramTraffic traffic(at(), 5);
    ASSERT_TRUE(traffic.flows());
    const auto result = sweep([this] { return service_.set("port", port_ + 5000); },
                              [&](const Status &status) {
                                  if (status) {
                                      ASSERT_TRUE(service_.set("port", port_).ok());
                                  }
                                  ASSERT_EQ(service_.number("port"), port_);
                              },
                              patience(is_full_run() ? seconds(200) : Milliseconds(1200)));
    EXPECT_GT(result.points, 0U);
    EXPECT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.end(), "");
    expect_nothing_lost();
}

TEST_F(UdpFault, inMoreThreadsUnderTraffic) {
    const Injection injection;
    DatagramTraffic traffic(at(), 5);
    ASSERT_TRUE(traffic.flows());
    for (int i = 0; i < sized(20, 4, 500); i++)
        (void)attempt(static_cast<unsigned>(1 + i * 7),
                      [&] { return pool_.set("threads", 1 + i % 4); });
    // What could not be made does not keep the rest from serving, nor later changes from working.
    EXPECT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.end(), "");
    ASSERT_TRUE(pool_.set("threads", 3).ok());
    expect_nothing_lost();
}

} // namespace
} // namespace kinetd::suite
