// SPDX-License-Identifier: GPL-2.0
/// \file
/// Many writers at once, against each other and against the module's leaving.
#include <set>

#include "support/fixture.hpp"
#include "support/hammer.hpp"

namespace kinetd::suite {
namespace {

class Race : public EchoTest {
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
            [=](int i) { return service.set("address", i % 2 != 0 ? "127.0.0.1" : "0.0.0.0"); },
            [=](int i) { return pool.set("threads", 1 + i % 4); },
            [=](int i) { return new_service(name(i)); },
            [=](int i) { return delete_service(name(i)); },
            [=](int i) {
                const Service other(name(i));
                (void)other.set("port", port + 4000 + i % 3);
                return other.set("enabled", 1);
            },
        };
    }

    /// Gone, going, taken, or there already: all of these may be met in such a crowd.
    const std::set<int> in_order_{ENOENT, ENODEV, EEXIST, EBUSY, EADDRINUSE};
};

TEST_F(Race, ofWriters) {
    Hammer hammer(administrators());
    const std::uint64_t wanted = sized<std::uint64_t>(4000, 200, 100'000);
    EXPECT_TRUE(wait_for([&] { return hammer.hits() >= wanted; }, patience(seconds(60))))
        << hammer.hits() << " of " << hammer.blows() << " writes worked";
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order_), "");
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    ASSERT_TRUE(service_.set("port", port_).ok());
    ASSERT_TRUE(service_.set("address", "127.0.0.1").ok());
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    expect_service();
}

TEST_F(Race, ofWritersWithTheProtocolsLeaving) {
    Hammer hammer(administrators());
    for (int i = 0; i < sized(25, 5, 2000); i++) {
        const auto before = hammer.hits();
        (void)wait_for([&] { return hammer.hits() >= before + 5; }, patience(seconds(2)));
        const auto removal = remove_echo();
        ASSERT_TRUE(removal.status.ok()) << "turn " << i << ": " << removal.status.text();
        const auto echo = insert_echo(echo_parameters(port_) + " enabled=0");
        ASSERT_TRUE(echo.ok()) << "turn " << i << ": " << echo.text();
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order_), "");
}

TEST_F(Race, ofWritersWithEverythingLeaving) {
    Hammer hammer(administrators());
    for (int i = 0; i < sized(15, 3, 1000); i++) {
        const auto before = hammer.hits();
        (void)wait_for([&] { return hammer.hits() >= before + 5; }, patience(seconds(2)));
        ASSERT_TRUE(remove_echo().status.ok()) << "turn " << i;
        const auto core = remove_module(core_name);
        ASSERT_TRUE(core.ok()) << "turn " << i << ": " << core.text();
        ASSERT_TRUE(insert_core().ok()) << "turn " << i;
        ASSERT_TRUE(insert_echo(echo_parameters(port_) + " enabled=0").ok()) << "turn " << i;
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order_), "");
}

TEST_F(Race, ofWritersUnderTrafficWithTheProtocolsLeaving) {
    Hammer hammer({
        [this](int i) { return pool_.set("threads", 1 + i % 4); },
        [this](int i) { return service_.set("max_connections", i % 2 * 10000); },
        [this](int i) { return service_.set("idle_timeout_ms", i % 2 * 10000); },
        [this](int i) { return pool_.set("nice", i % 5); },
    });
    for (int i = 0; i < sized(15, 3, 300); i++) {
        Traffic traffic(at(), 20);
        ASSERT_TRUE(traffic.flows(50'000));
        const auto removal = remove_echo();
        ASSERT_TRUE(removal.status.ok()) << "turn " << i << ": " << removal.status.text();
        EXPECT_EQ(traffic.end(), "");
        ASSERT_TRUE(insert_echo(echo_parameters(port_)).ok()) << "turn " << i;
    }
    hammer.stop();
    EXPECT_EQ(hammer.surprises(in_order_), "");
}

TEST_F(Race, ofPools) {
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
    EXPECT_EQ(hammer.surprises(in_order_), "");
}

TEST_F(Race, ofTheModulesLeavingTwice) {
    // Two unloads and a load at once: one of them is first, and the others learn it.
    for (int i = 0; i < sized(30, 5, 500); i++) {
        Hammer hammer({
            [](int) { return remove_module(echo_name); },
            [](int) { return remove_module(echo_name); },
            [this](int) { return insert_echo(echo_parameters(port_)); },
        });
        EXPECT_TRUE(wait_for([&] { return hammer.blows() >= 30; }, patience(seconds(10))));
        hammer.stop();
        EXPECT_EQ(hammer.surprises({ENOENT, EEXIST, EBUSY, EWOULDBLOCK}), "");
    }
    if (!is_loaded(echo_name)) {
        ASSERT_TRUE(insert_echo(echo_parameters(port_)).ok());
    }
    expect_service();
}

} // namespace
} // namespace kinetd::suite
