// SPDX-License-Identifier: GPL-2.0
/// \file
/// A machine that is to be suspended freezes its tasks first. No thread of the project's keeps it
/// from that, however busy it is, and all of them go on afterwards.
#include <map>

#include "support/client_fixture.hpp"

namespace kinetd::suite {
namespace {

/// What the kernel does instead of a suspend, as long as this lives: it freezes all tasks, and
/// thaws them at once.
class Rehearsal {
public:
    Rehearsal() {
        for (const auto &[file, value] : settings()) {
            before_[file] = chosen(read_line(file).value());
            write_file(file, value).value();
        }
    }
    ~Rehearsal() {
        for (const auto &[file, value] : before_)
            (void)write_file(file, value);
    }
    Rehearsal(const Rehearsal &) = delete;
    Rehearsal &operator=(const Rehearsal &) = delete;

    static bool possible() {
        if (read_file("/sys/power/state").code() != 0 ||
            read_file("/sys/power/state")->find("freeze") == std::string::npos)
            return false;
        for (const auto &setting : settings())
            if (!exists(setting.first))
                return false;
        return true;
    }

    /// EBUSY where some task would not be frozen.
    static Status perform() { return write_file("/sys/power/state", "freeze\n"); }

private:
    static std::map<std::string, std::string> settings() {
        return {{"/sys/power/pm_test", "freezer"},
                {"/sys/power/sync_on_suspend", "0"},
                {"/sys/power/pm_freeze_timeout", std::to_string(patience(seconds(5)).count())},
                {"/sys/module/suspend/parameters/pm_test_delay", "0"}};
    }
    /// The one in brackets, where there are several.
    static std::string chosen(const std::string &text) {
        const auto open = text.find('[');
        return open == std::string::npos ? text : text.substr(open + 1, text.find(']') - open - 1);
    }

    std::map<std::string, std::string> before_;
};

class Freeze : public ClientTest {
protected:
    void SetUp() override {
        if (!Rehearsal::possible())
            GTEST_SKIP() << "this kernel does not rehearse a suspend";
        ClientTest::SetUp();
    }

    /// All tasks are frozen while the client is busy, again and again.
    void expect_freezing() const {
        const Rehearsal rehearsal;
        ASSERT_TRUE(client_.start().ok());
        for (int i = 0; i < sized(3, 2, 50); i++) {
            ASSERT_TRUE(client_.grows("received", 100)) << client_.summary();
            const auto frozen = Rehearsal::perform();
            EXPECT_TRUE(frozen.ok()) << frozen.text();
        }
        EXPECT_TRUE(client_.grows("received", 100)) << client_.summary();
        ASSERT_TRUE(client_.stop().ok());
        EXPECT_EQ(client_.stat("mismatched"), 0U) << client_.summary();
        EXPECT_EQ(client_.stat("errors"), 0U) << client_.summary();
        expect_balance();
    }
};

TEST_F(Freeze, ofAClientThatWaitsForAThread) {
    ASSERT_TRUE(service_.set("exec", "thread").ok());
    expect_freezing();
}

TEST_F(Freeze, ofAClientThatNeverHasToWait) {
    // The softirq answers before the client has begun to wait.
    ASSERT_TRUE(service_.set("exec", "inline").ok());
    expect_freezing();
}

TEST_F(Freeze, ofAClientOfDatagramsThatNeverHasToWait) {
    ASSERT_TRUE(insert_protocol(udp_echo_name, parameters_for(other_port_)).ok());
    ASSERT_TRUE(Service("udp_echo").set("exec", "inline").ok());
    client_.configure({{"transport", "udp"}, {"port", std::to_string(other_port_)}});
    expect_freezing();
}

} // namespace
} // namespace kinetd::suite
