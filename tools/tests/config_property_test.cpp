// SPDX-License-Identifier: GPL-2.0
/// \file
/// What holds for every configuration, tried on random ones.
#include <gtest/gtest.h>

#include <random>

#include "config/key.hpp"
#include "tests/support/fake_kernel.hpp"

namespace kinetd::test {
namespace {

/// Makes configurations that can come about: no two services collide.
class Maker {
public:
    explicit Maker(unsigned seed) : random_(seed) {}

    config::Config make() {
        config::Config config;
        config.pools["default"] = pool();
        for (const auto *name : {"fast", "slow"})
            if (chance(2))
                config.pools[name] = pool();
        for (const auto *name : {"a", "b", "c", "d", "tcp_echo"})
            if (chance(2))
                add_service(config, name);
        return config;
    }

private:
    int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
    bool chance(int of) { return below(of) == 0; }

    config::Pool pool() {
        return {{{"threads", std::to_string(1 + below(4))},
                 {"cpus", chance(2) ? "0-1" : "0,2-3"},
                 {"nice", std::to_string(below(40) - 20)},
                 {"busy_poll_us", std::to_string(below(10'001))}}};
    }

    std::string value(const config::Key &key) {
        static const std::vector<std::string> texts{"notify", " ", "\"\\", "\x01\x7f", "ü€𐍈\ufcff"};
        static const std::vector<std::string> addresses{"127.0.0.1", "0.0.0.0", "127.0.0.2", "::1",
                                                        "::"};
        if (key.kind == config::Kind::number)
            return key.name == "port" ? std::to_string(80 + below(4))
                                      : std::to_string(key.least + below(4));
        if (key.kind == config::Kind::flag)
            return chance(4) ? "0" : "1";
        if (key.kind == config::Kind::address)
            return addresses[static_cast<std::size_t>(below(5))];
        return key.kind == config::Kind::text ? texts[static_cast<std::size_t>(below(5))]
                                              : std::string(key.standard);
    }

    void add_service(config::Config &config, const std::string &name) {
        const auto protocols = config::known_protocols();
        const auto &protocol = protocols[static_cast<std::size_t>(below(10))];
        config::Service service{std::string(protocol.name), {}};
        for (const auto &key : config::service_keys())
            if (config::applies(key, protocol))
                service.settings[std::string(key.name)] =
                    chance(2) ? value(key) : config::standard_of(key, protocol);
        if (config.pools.count("fast") != 0 && chance(2))
            service.settings["pool"] = "fast";
        config.services[name] = std::move(service);
        std::vector<config::Problem> problems;
        config::check_together({config, {}}, problems);
        if (!problems.empty())
            config.services.erase(name);
    }

    std::mt19937 random_;
};

/// The protocol of a service that others may be called like: while one is, it cannot be loaded.
const std::vector<std::string> loaded{"tcp_echo"};

std::string toml_of(const config::Config &config) {
    const auto text = config::print(config);
    EXPECT_TRUE(text.ok());
    return text.ok() ? *text : "";
}

/// Whether a service has connections that the step from one to the other must not close.
bool stays(const config::Config &before, const config::Config &after, const std::string &name) {
    const auto old = before.services.find(name);
    const auto found = after.services.find(name);
    return old != before.services.end() && found != after.services.end() &&
           old->second.protocol == found->second.protocol && old->second.enabled() &&
           found->second.enabled();
}

TEST(ConfigProperty, whatIsPrintedIsReadTheSame) {
    Maker maker(1);
    for (int i = 0; i < 500; i++) {
        const auto config = maker.make();
        EXPECT_EQ(document(toml_of(config)).config, config);
    }
}

TEST(ConfigProperty, whatIsSavedAfterApplyingIsWhatWasApplied) {
    Maker maker(2);
    FakeKernel kernel(loaded);
    for (int i = 0; i < 500; i++) {
        const auto config = maker.make();
        ASSERT_EQ(apply_to(kernel, toml_of(config), true), "") << i << "\n" << toml_of(config);
        EXPECT_EQ(config::config_of(kernel.state, FakeKernel::machine()), config)
            << i << "\n"
            << toml_of(config);
        EXPECT_TRUE(plan_for(kernel, toml_of(config), true).steps.empty()) << i;
    }
}

TEST(ConfigProperty, noConnectionClosesThatNeedNot) {
    Maker maker(3);
    FakeKernel kernel(loaded);
    config::Config before;
    int moves = 0;
    for (int i = 0; i < 1000; i++) {
        const auto after = maker.make();
        for (const auto &[name, service] : before.services)
            if (service.enabled())
                kernel.connect(name);
        const auto start = toml_of(config::config_of(kernel.state, FakeKernel::machine()));
        ASSERT_EQ(apply_to(kernel, toml_of(after), true), "") << start << toml_of(after);
        for (const auto &[name, service] : before.services) {
            if (!stays(before, after, name))
                continue;
            EXPECT_TRUE(kernel.connected(name)) << name << "\n" << start << toml_of(after);
            moves++;
        }
        before = after;
    }
    EXPECT_GT(moves, 50);
}

/// Those whose failure takes all of it back.
std::vector<config::Write> needed_writes(const config::Plan &plan) {
    std::vector<config::Write> writes;
    for (const auto &step : plan.steps)
        if (!step.optional)
            writes.insert(writes.end(), step.writes.begin(), step.writes.end());
    return writes;
}

TEST(ConfigProperty, whateverFailsLeavesWhatWasThere) {
    Maker maker(4);
    FakeKernel kernel(loaded);
    std::mt19937 random(5);
    int failures = 0;
    for (int i = 0; i < 300; i++) {
        const auto text = toml_of(maker.make());
        const auto writes = needed_writes(plan_for(kernel, text, true));
        const auto start = config::config_of(kernel.state, FakeKernel::machine());
        if (!writes.empty()) {
            auto failing = kernel;
            const auto &write = writes[random() % writes.size()];
            failing.refuse(write.path, write.value, ENOMEM);
            EXPECT_NE(apply_to(failing, text, true), "");
            EXPECT_EQ(config::config_of(failing.state, FakeKernel::machine()), start)
                << write.path << "=" << write.value << "\n"
                << toml_of(start) << text;
            failures++;
        }
        ASSERT_EQ(apply_to(kernel, text, true), "");
    }
    EXPECT_GT(failures, 200);
}

} // namespace
} // namespace kinetd::test
