// SPDX-License-Identifier: GPL-2.0
/// \file
/// A plan that fails is taken back.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "tests/support/fake_kernel.hpp"

namespace kinetd::test {
namespace {

using Lines = std::vector<std::string>;

const std::string before = "[pools.default]\nthreads = 2\n"
                           "[services.a]\nprotocol = \"tcp_echo\"\nport = 80\n"
                           "[services.b]\nprotocol = \"tcp_echo\"\nport = 81\n";
const std::string after = "[pools.default]\nthreads = 4\n[pools.fast]\n"
                          "[services.a]\nprotocol = \"tcp_echo\"\nport = 81\nbacklog = 9\n"
                          "[services.b]\nprotocol = \"tcp_echo\"\nport = 80\n"
                          "[services.c]\nprotocol = \"tcp_time\"\npool = \"fast\"\n";

class ConfigCarryOut : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(apply_to(kernel_, before), "");
        for (const auto *name : {"a", "b"})
            kernel_.connect(name);
        kernel_.log.clear();
    }
    [[nodiscard]] config::Config now() const {
        return config::config_of(kernel_.state, FakeKernel::machine());
    }

    FakeKernel kernel_{{"tcp_echo"}};
};

TEST_F(ConfigCarryOut, takesBackWhicheverWriteFails) {
    const auto start = now();
    const auto plan = plan_for(kernel_, after);
    ASSERT_GT(plan.steps.size(), 8U);
    for (const auto &write : writes_of(plan)) {
        if (write.rfind("load ", 0) == 0)
            continue;
        auto kernel = kernel_;
        const auto equals = write.find('=');
        kernel.refuse(write.substr(0, equals), write.substr(equals + 1), EIO);
        EXPECT_NE(apply_to(kernel, after).find("Input/output error"), std::string::npos) << write;
        EXPECT_EQ(config::config_of(kernel.state, FakeKernel::machine()), start) << write;
        EXPECT_TRUE(kernel.connected("a") && kernel.connected("b")) << write;
        EXPECT_EQ(kernel.state.protocols.count("tcp_time"), 0U) << write;
    }
}

TEST_F(ConfigCarryOut, saysWhatOfTheFileFailed) {
    kernel_.occupy({false, *config::Address::parse("0.0.0.0"), 99});
    const auto plan = plan_for(kernel_, "[services.a]\nprotocol = \"tcp_echo\"\nport = 99\n");
    const auto outcome = config::carry_out(plan, kernel_);
    ASSERT_TRUE(outcome.failure.has_value());
    EXPECT_EQ(outcome.failure->what, "services.a.port");
    EXPECT_TRUE(outcome.left.empty());
}

TEST_F(ConfigCarryOut, goesTheOtherWayWhereAnotherProgramIsInTheFirst) {
    kernel_.occupy({false, *config::Address::parse("127.0.0.2"), 80});
    EXPECT_EQ(apply_to(kernel_, "[services.a]\nprotocol = \"tcp_echo\"\n"
                                "address = \"127.0.0.2\"\nport = 90\n"),
              "");
    EXPECT_EQ(kernel_.log, (Lines{"services/a/address=127.0.0.2", "services/a/port=90",
                                  "services/a/address=127.0.0.2"}));
    EXPECT_TRUE(kernel_.connected("a"));
}

TEST_F(ConfigCarryOut, namesWhatItCannotTakeBack) {
    kernel_.refuse("services/a/port", "99", EADDRINUSE);
    kernel_.refuse("pools/default/threads", "2", ENOMEM);
    const auto result = apply_to(kernel_, "[pools.default]\nthreads = 4\n"
                                          "[services.a]\nprotocol = \"tcp_echo\"\nport = 99\n");
    EXPECT_NE(result.find("services.a.port: "), std::string::npos) << result;
    EXPECT_NE(result.find("\npools/default/threads: pools/default/threads=2: Cannot allocate"),
              std::string::npos)
        << result;
}

TEST_F(ConfigCarryOut, makesAReplacedServiceAgain) {
    const auto start = now();
    kernel_.refuse("services/b/port", "90", EIO);
    EXPECT_NE(apply_to(kernel_, "[services.a]\nprotocol = \"tcp_time\"\nport = 80\n"
                                "[services.b]\nprotocol = \"tcp_echo\"\nport = 90\n"),
              "");
    EXPECT_EQ(now(), start);
}

TEST_F(ConfigCarryOut, keepsTheRestWhereAPoolCannotGo) {
    ASSERT_EQ(apply_to(kernel_, before + "[pools.old]\n"), "");
    kernel_.refuse("delete_pool", "old", EBUSY);
    const auto result =
        apply_to(kernel_, "[services.a]\nprotocol = \"tcp_echo\"\nport = 90\n", true);
    EXPECT_NE(result.find("pools.old: "), std::string::npos) << result;
    EXPECT_EQ(config::get(kernel_.state.services.at("a").settings, "port"), "90");
    EXPECT_EQ(kernel_.state.services.count("b"), 0U);
}

TEST_F(ConfigCarryOut, unloadsWhatItHasLoaded) {
    kernel_.refuse("services/clock/enabled", "1", EADDRINUSE);
    EXPECT_NE(apply_to(kernel_, "[services.clock]\nprotocol = \"tcp_time\"\n"), "");
    EXPECT_EQ(kernel_.log.back(), "unload proto_time");
    EXPECT_EQ(kernel_.state.services.size(), 2U);
}

TEST_F(ConfigCarryOut, saysWhichOfTwoWritesFailed) {
    kernel_.refuse("services/a/port", "90", EIO);
    const auto plan = plan_for(kernel_, "[services.a]\nprotocol = \"tcp_echo\"\n"
                                        "address = \"127.0.0.2\"\nport = 90\n");
    ASSERT_EQ(plan.steps.size(), 1U);
    const auto outcome = config::carry_out(plan, kernel_);
    ASSERT_TRUE(outcome.failure.has_value());
    EXPECT_EQ(outcome.failure->what, "services.a.port");
}

TEST_F(ConfigCarryOut, namesAModuleThatItCannotUnload) {
    class Stuck : public FakeKernel {
    public:
        using FakeKernel::FakeKernel;
        std::string unload(const std::string & /*module*/) override { return "in use"; }
    };
    Stuck kernel({"tcp_echo"});
    kernel.refuse("services/clock/enabled", "1", EADDRINUSE);
    const auto result = apply_to(kernel, "[services.clock]\nprotocol = \"tcp_time\"\n");
    EXPECT_NE(result.find("\nmodules.proto_time: in use"), std::string::npos) << result;
}

} // namespace
} // namespace kinetd::test
