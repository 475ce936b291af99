// SPDX-License-Identifier: GPL-2.0
/// \file
/// bash completes what is there: names and keys of the tree.
#include <gtest/gtest.h>

#include <fstream>

#include "kinetctl/process.hpp"
#include "tests/support/fake_tree.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *library = "/usr/share/bash-completion/bash_completion";

/// Fills in what readline would, calls the function, prints what it offers.
constexpr const char *script = R"(
export KINETD_SYSFS=$1
source "$2"
source "$3"
compopt() { :; }
COMP_LINE=$4 COMP_POINT=${#4}
read -ra COMP_WORDS <<<"${4//=/ = }"
[[ $4 != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"_${COMP_WORDS[0]}"
echo "${COMPREPLY[*]}"
)";

class CompletionTest : public testing::Test {
protected:
    void SetUp() override {
        if (!std::ifstream(library))
            GTEST_SKIP() << "bash-completion is not installed";
    }

    std::string offered(const std::string &line) {
        const auto program = line.substr(0, line.find(' '));
        const auto completion = std::string(KINETD_COMPLETION "/") + program + ".bash";
        const auto outcome =
            run_program({"bash", "-c", script, "bash", fake_.root(), library, completion, line});
        return outcome ? outcome->output : outcome.error().text();
    }

    test::FakeTree fake_;
};

TEST_F(CompletionTest, OffersVerbs) {
    EXPECT_EQ(offered("kinetctl s"), "status show set stats save\n");
    EXPECT_EQ(offered("kinetctl add "), "service pool client\n");
}

TEST_F(CompletionTest, OffersNames) {
    EXPECT_EQ(offered("kinetctl show "), "service pool client tcp_echo udp_notify default\n");
    EXPECT_EQ(offered("kinetctl set pool "), "default\n");
    EXPECT_EQ(offered("kinetctl del service t"), "tcp_echo\n");
    EXPECT_EQ(offered("kinetctl add service public u"), "udp_notify\n");
}

TEST_F(CompletionTest, OffersKeysAndValues) {
    EXPECT_EQ(offered("kinetctl set tcp_echo m"), "max_connections= max_per_source=\n");
    EXPECT_EQ(offered("kinetctl set udp_notify m"),
              "max_connections= max_per_source= message= min_source_port=\n");
    EXPECT_EQ(offered("kinetctl set tcp_echo netn"), "\n");
    EXPECT_EQ(offered("kinetctl set tcp_echo pool=d"), "default\n");
    EXPECT_EQ(offered("kinetctl add pool fast thr"), "threads=\n");
    EXPECT_EQ(offered("kinetctl top --sort l"), "lost\n");
}

TEST_F(CompletionTest, KnowsWhichOptionsTakeAWord) {
    EXPECT_EQ(offered("kinetctl --sysfs=/x sho"), "show\n");
    EXPECT_EQ(offered("kinetctl --sysfs /x sho"), "show\n");
    EXPECT_EQ(offered("kinetctl apply -n --pr"), "--prune\n");
    EXPECT_EQ(offered("kinetctl -n set pool d"), "default\n");
    EXPECT_EQ(offered("kinetctl connections --d"), "--debugfs\n");
    EXPECT_EQ(offered("kinetctl stats --watch 5 "), "service client tcp_echo udp_notify\n");
    EXPECT_EQ(offered("kinetctl stats --watch service u"), "udp_notify\n");
}

TEST_F(CompletionTest, OffersPlacesToLoad) {
    EXPECT_EQ(offered("kinetload tcp_e"), "tcp_echo\n");
    EXPECT_EQ(offered("kinetload udp_echo "), "127.0.0.1 [::1]\n");
    fake_.put("services/tcp_echo/address", "::");
    EXPECT_EQ(offered("kinetload tcp_echo "), "127.0.0.1 [::1] [::1]:7\n");
}

} // namespace

} // namespace kinetd::ctl
