// SPDX-License-Identifier: GPL-2.0
/// \file
/// Many writers at once, against each other and against the module's leaving.
#include <fcntl.h>
#include <unistd.h>

#include <set>

#include "support/datagram_fixture.hpp"
#include "support/hammer.hpp"
#include "support/inside.hpp"
#include "support/kind.hpp"
#include "support/netns.hpp"

namespace kinetd::suite {
namespace {

/// Gone, going, taken, or there already: all of these may be met in such a crowd.
const std::set<int> in_order{ENOENT, ENODEV, EEXIST, EBUSY, EADDRINUSE};

class Race : public KindTest {
protected:
    /// What eight impatient administrators would do.
    [[nodiscard]] std::vector<Hammer::Blow> administrators() const {
        const int port = port_;
        const Service service = service_;
        const Pool pool = pool_;
        const auto name = [](int i) { return "r" + std::to_string(i % 3); };
        return {
            [=](int i) { return service.set("port", port + 3000 + i % 2); },
            [=](int i) { return service.set("port", port + 3000 + i % 3); },
            [=](int i) { return service.set("enabled", i % 2); },
            [=](int i) { return service.set("exec", i % 2 != 0 ? "inline" : "thread"); },
            [=](int i) { return service.set("address", i % 2 != 0 ? "127.0.0.1" : "0.0.0.0"); },
            [=](int i) { return pool.set("threads", 1 + i % 4); },
            [=](int i) { return make_service(name(i)); },
            [=](int i) { return end_service(name(i)); },
            [=](int i) {
                const Service other(name(i));
                (void)other.set("port", port + 4000 + i % 3);
                return other.set("enabled", 1);
            },
        };
    }

    /// The protocol and the core are unloaded, and loaded again.
    void leave_and_return(const std::string &parameters = "") {
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        const auto core = remove_module(core_name);
        ASSERT_TRUE(core.ok()) << core.text();
        ASSERT_TRUE(insert_core().ok());
        load(parameters);
    }
};

TEST_P(Race, ofWriters) {
    Hammer hammer(administrators());
    const std::uint64_t wanted = sized<std::uint64_t>(1000, 200, 100'000);
    EXPECT_TRUE(wait_for([&] { return hammer.hits() >= wanted; }, patience(seconds(60))))
        << hammer.hits() << " of " << hammer.blows() << " writes worked";
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order), "");
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    ASSERT_TRUE(service_.set("port", port_).ok());
    ASSERT_TRUE(service_.set("address", "127.0.0.1").ok());
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    expect_service();
}

TEST_P(Race, ofWritersWithTheProtocolsLeaving) {
    Hammer hammer(administrators());
    for (int i = 0; i < sized(6, 1, 2000); i++) {
        const auto before = hammer.hits();
        (void)wait_for([&] { return hammer.hits() >= before + 5; }, patience(seconds(2)));
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << "turn " << i << ": " << removal.status.text();
        ASSERT_NO_FATAL_FAILURE(load("enabled=0")) << "turn " << i;
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order), "");
}

TEST_P(Race, ofWritersWithEverythingLeaving) {
    Hammer hammer(administrators());
    for (int i = 0; i < sized(4, 1, 1000); i++) {
        const auto before = hammer.hits();
        (void)wait_for([&] { return hammer.hits() >= before + 5; }, patience(seconds(2)));
        ASSERT_NO_FATAL_FAILURE(leave_and_return("enabled=0")) << "turn " << i;
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order), "");
}

TEST_P(Race, ofNamespacesThatEndWithEverythingLeaving) {
    const auto name = [](int i) { return "v" + std::to_string(i % 3); };
    // Makes a service inside, where somebody asks it something, and leaves them all to their end.
    const auto visit = [=, this](int i) -> Status {
        const auto place = NetworkNamespace::create().value();
        Status made = Done{};
        place.run([&] {
            made = make_service(name(i));
            const Service inside(name(i));
            (void)inside.set("port", port_);
            (void)inside.set("exec", i % 2 != 0 ? "inline" : "thread");
            (void)inside.set("enabled", 1);
            (void)try_echo(GetParam(), at());
        });
        return made;
    };
    Hammer hammer({
        visit,
        visit,
        [=](int i) { return end_service(name(i)); },
        [=](int i) { return Service(name(i)).set("enabled", i % 2); },
        [=](int i) { return Service(name(i)).set("exec", i % 3 != 0 ? "inline" : "thread"); },
        [this](int i) { return pool_.set("threads", 1 + i % 4); },
    });
    for (int i = 0; i < sized(2, 1, 1000); i++) {
        const auto before = hammer.hits();
        (void)wait_for([&] { return hammer.hits() >= before + 20; }, patience(seconds(2)));
        ASSERT_NO_FATAL_FAILURE(leave_and_return()) << "turn " << i;
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order), "");
    for (int i = 0; i < 3; i++)
        EXPECT_TRUE(goes(name(i))) << name(i);
    expect_service();
}

/// Reads a file again and again through one descriptor, until that fails.
Hammer::Blow holding(const std::string &path) {
    return [path](int) -> Status {
        const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file)
            return last_error("open " + path);
        char first = 0;
        for (int i = 0; i < 20; i++)
            if (::pread(file.get(), &first, 1, 0) < 0)
                return last_error("read " + path);
        return Done{};
    };
}

TEST_P(Race, ofReadersWithTheProtocolsLeaving) {
    const auto folder = sysfs_root + "/protocols/" + GetParam().protocol;
    Hammer hammer({
        reading(folder + "/transport"),
        reading(folder + "/default_port"),
        holding(folder + "/transport"),
        holding(folder + "/default_port"),
        [&](int i) { return write_file(folder + "/delete_service", "n" + std::to_string(i % 3)); },
        [&](int i) { return write_file(folder + "/new_service", "n" + std::to_string(i % 3)); },
    });
    for (int i = 0; i < sized(6, 2, 2000); i++) {
        const auto before = hammer.hits();
        EXPECT_TRUE(wait_for([&] { return hammer.hits() >= before + 20; }, patience(seconds(5))));
        ASSERT_TRUE(unload().status.ok()) << "turn " << i;
        ASSERT_NO_FATAL_FAILURE(load()) << "turn " << i;
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order), "");
    expect_service();
}

TEST_P(Race, ofTheModulesLeavingTwice) {
    // Two unloads and a load at once: one of them is first, and the others learn it.
    for (int i = 0; i < sized(12, 2, 500); i++) {
        Hammer hammer({
            [this](int) { return unload().status; },
            [this](int) { return unload().status; },
            [this](int) { return insert_protocol(module_, parameters_for(port_)); },
        });
        EXPECT_TRUE(wait_for([&] { return hammer.blows() >= 30; }, patience(seconds(10))));
        hammer.stop();
        EXPECT_EQ(hammer.surprises({ENOENT, EEXIST, EBUSY, EWOULDBLOCK}), "");
    }
    if (!is_loaded(module_))
        load();
    expect_service();
}

INSTANTIATE_TEST_SUITE_P(Of, Race, testing::Values(tcp_echo_kind, udp_echo_kind), name_of);

class TcpRace : public EchoTest {};

TEST_F(TcpRace, ofWritersUnderTrafficWithTheProtocolsLeaving) {
    Hammer hammer({
        [this](int i) { return pool_.set("threads", 1 + i % 4); },
        [this](int i) { return service_.set("max_connections", i % 2 * 10000); },
        [this](int i) { return service_.set("idle_timeout_ms", i % 2 * 10000); },
        [this](int i) { return service_.set("exec", i % 2 != 0 ? "inline" : "thread"); },
        [this](int i) { return pool_.set("nice", i % 5); },
        [this](int i) { return pool_.set("busy_poll_us", i % 3 * 500); },
    });
    for (int i = 0; i < sized(8, 2, 300); i++) {
        Traffic traffic(at(), 20);
        ASSERT_TRUE(traffic.flows(50'000));
        const auto removal = remove_echo();
        ASSERT_TRUE(removal.status.ok()) << "turn " << i << ": " << removal.status.text();
        EXPECT_EQ(traffic.end(), "");
        ASSERT_TRUE(insert_echo(echo_parameters(port_)).ok()) << "turn " << i;
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order), "");
}

TEST_F(TcpRace, ofPools) {
    const auto name = [](int i) { return "p" + std::to_string(i % 3); };
    Hammer hammer({
        [=](int i) { return new_pool(name(i)); },
        [=](int i) { return delete_pool(name(i)); },
        [=](int i) { return Pool(name(i)).set("threads", 1 + i % 5); },
        [=, this](int i) { return service_.set("pool", name(i)); },
        [=, this](int i) { return service_.set("pool", i % 2 != 0 ? "default" : name(i / 2)); },
    });
    Churn churn(at(), Churn::Close::politely);
    const std::uint64_t wanted = sized<std::uint64_t>(500, 100, 50'000);
    EXPECT_TRUE(wait_for([&] { return hammer.hits() >= wanted && churn.rounds() > 50; },
                         patience(seconds(60))));
    hammer.stop();
    churn.stop();
    EXPECT_EQ(churn.failures(), 0U) << churn.first_failure();
    EXPECT_EQ(hammer.surprises(in_order), "");
}

class UdpRace : public UdpEchoTest {};

TEST_F(UdpRace, ofWritersUnderTraffic) {
    ASSERT_TRUE(new_pool("other").ok());
    DatagramTraffic traffic(at(), 10, {.loss_after = Milliseconds(100)});
    Hammer hammer({
        [this](int i) { return pool_.set("threads", 1 + i % 4); },
        [this](int i) { return service_.set("pool", i % 2 == 0 ? "other" : "default"); },
        [this](int i) { return service_.set("address", i % 2 == 0 ? "0.0.0.0" : "127.0.0.1"); },
        [this](int i) { return service_.set("rate_limit_pps", i % 2 * 1'000'000); },
        [this](int i) { return service_.set("min_source_port", i % 2 * 1024); },
        [this](int i) { return service_.set("enabled", i % 5 != 0); },
        [this](int i) { return service_.set("exec", i % 2 != 0 ? "inline" : "thread"); },
    });
    const std::uint64_t wanted = sized<std::uint64_t>(1000, 100, 50'000);
    EXPECT_TRUE(wait_for([&] { return hammer.hits() >= wanted; }, patience(seconds(60))));
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order), "");
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    EXPECT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.end(), "");
    EXPECT_EQ(traffic.tally().duplicates, 0U);
    ASSERT_TRUE(service_.set("pool", "default").ok());
    EXPECT_TRUE(delete_pool("other").ok());
}

TEST_F(UdpRace, ofWritersUnderTrafficWithTheProtocolsLeaving) {
    DatagramTraffic traffic(at(), 10, {.loss_after = Milliseconds(20)});
    Hammer hammer({
        [this](int i) { return pool_.set("threads", 1 + i % 4); },
        [this](int i) { return service_.set("rate_limit_pps", i % 2 * 1'000'000); },
        [this](int i) { return service_.set("address", i % 2 == 0 ? "0.0.0.0" : "127.0.0.1"); },
        [this](int i) { return service_.set("enabled", i % 5 != 0); },
        [this](int i) { return service_.set("exec", i % 2 != 0 ? "inline" : "thread"); },
    });
    for (int i = 0; i < sized(8, 2, 300); i++) {
        (void)traffic.flows(20, patience(seconds(1)));
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << "turn " << i << ": " << removal.status.text();
        ASSERT_NO_FATAL_FAILURE(load()) << "turn " << i;
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order), "");
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    EXPECT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.end(), "");
}

} // namespace
} // namespace kinetd::suite
