// SPDX-License-Identifier: GPL-2.0
/// \file
/// How many connections may wait to be accepted: what the file says is what the listening socket
/// has.
#include <sstream>

#include "support/attribute.hpp"
#include "support/command.hpp"
#include "support/fixture.hpp"
#include "support/inside.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

/// What the kernel says of the socket that listens at a port, in the namespace of the calling
/// thread; empty where none does.
std::string queue_at(std::uint16_t port) {
    // Of one that listens these are its state, how many wait, and how many may.
    std::istringstream line(execute("ss -Hnlt sport = :" + std::to_string(port)).output);
    std::string state;
    std::string waiting;
    std::string most;
    line >> state >> waiting >> most;
    return most;
}

class Backlog : public EchoTest {
protected:
    void SetUp() override {
        if (!has_program("ss"))
            GTEST_SKIP() << "there is no ss";
        // Without it ss reads a file of /proc that does not have them.
        (void)run_command("modprobe -q tcp_diag");
        EchoTest::SetUp();
    }

    /// The limit of the calling thread's namespace.
    inline static const std::string limit = "/proc/sys/net/core/somaxconn";
};

TEST_F(Backlog, isThatOfTheListeningSocket) {
    EXPECT_EQ(queue_at(port_), service_.get("backlog"));
    for (const char *value : {"16", "1", "300"}) {
        expect_taken(service_, "backlog", value);
        EXPECT_EQ(queue_at(port_), value);
    }
    expect_service();
}

TEST_F(Backlog, staysWhateverHappensToTheSocket) {
    expect_taken(service_, "backlog", "17");
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    EXPECT_EQ(queue_at(port_), "");
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    EXPECT_EQ(queue_at(port_), "17");
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    EXPECT_EQ(queue_at(port_), "17");
    const auto other = fresh_port();
    ASSERT_TRUE(service_.set("port", other).ok());
    EXPECT_EQ(queue_at(other), "17");
    EXPECT_EQ(queue_at(port_), "");
    // What is written while it is down is in force when it is up.
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    expect_taken(service_, "backlog", "18");
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    EXPECT_EQ(queue_at(other), "18");
}

TEST_F(Backlog, isNoMoreThanItsOwnNamespaceAllows) {
    auto place = NetworkNamespace::create().value();
    place.run([] { ASSERT_TRUE(write_file(limit, "50").ok()); });
    const auto ours = read_number(limit).value();
    ASSERT_GT(ours, 60U);
    ASSERT_NO_FATAL_FAILURE(start_inside(place, {.port = port_}));
    const Service inside("inside");
    EXPECT_EQ(inside.get("backlog"), "50");
    EXPECT_EQ(place.run([this] { return queue_at(port_); }), "50");

    expect_taken(inside, "backlog", "49");
    EXPECT_EQ(place.run([this] { return queue_at(port_); }), "49");
    for (const char *more : {"51", "60", "2147483647"}) {
        expect_taken(inside, "backlog", more, "50");
        EXPECT_EQ(place.run([this] { return queue_at(port_); }), "50") << more;
    }
    // That is theirs, and this is ours.
    expect_taken(service_, "backlog", "60");
    EXPECT_EQ(queue_at(port_), "60");
    expect_taken(service_, "backlog", std::to_string(ours + 1), std::to_string(ours));
    EXPECT_EQ(queue_at(port_), std::to_string(ours));
}

TEST_F(Backlog, badOnes) {
    expect_taken(service_, "backlog", "20");
    for (const char *bad : {"0\n", "-1\n", "2147483648\n", "+5\n", "many\n"})
        expect_refused(service_, "backlog", bad);
    EXPECT_EQ(queue_at(port_), "20");
}

} // namespace
} // namespace kinetd::suite
