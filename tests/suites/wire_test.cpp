// SPDX-License-Identifier: GPL-2.0
/// \file
/// Bad wires and odd packets: loss, disorder, and segments of a few bytes.
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>

#include "support/fixture.hpp"
#include "support/netns.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

/// The echo service in a namespace of its own, whose loopback the tests maltreat.
class Wire : public CoreTest {
protected:
    void SetUp() override {
        CoreTest::SetUp();
        const auto code =
            place_.run([this] { return insert_echo(echo_parameters(port_, "0.0.0.0")).code(); });
        ASSERT_EQ(code, 0);
    }

    /// Runs a command inside; false where it fails.
    bool command(const std::string &line) const {
        return place_.run([&] {
            return std::system(("{ " + line + "; } >/dev/null 2>&1").c_str()) ==
                   0; // NOLINT(cert-env33-c)
        });
    }

    void expect_echo(const std::string &address, std::size_t count, const Plan &plan,
                     const ConnectOptions &options = {}) const {
        place_.run([&] {
            Crowd crowd;
            const auto added = crowd.add({address, port_}, count, plan, options);
            ASSERT_TRUE(added.ok()) << added.text();
            EXPECT_TRUE(crowd.run(patience(seconds(40)))) << crowd.first_not(State::complete);
            EXPECT_EQ(crowd.count(State::complete), count) << crowd.first_not(State::complete);
        });
    }

    NetworkNamespace place_ = NetworkNamespace::create().value();
    std::uint16_t port_ = fresh_port();
};

TEST_F(Wire, thatLosesAndReorders) {
    if (!command("modprobe sch_netem; tc qdisc add dev lo root netem delay 1ms 1ms loss 1% "
                 "duplicate 1% reorder 25% 50%"))
        GTEST_SKIP() << "this guest has no netem";
    expect_echo("127.0.0.1", 10, Plan{.bytes = sized<std::uint64_t>(200'003, 50'021, 5'000'011)});
}

TEST_F(Wire, ofTheSmallestSegments) {
    // 48 bytes are the least that TCP lets a peer ask for; with options 36 are left of them.
    ASSERT_TRUE(command("ip route replace local 127.0.0.99 dev lo table local advmss 48"));
    expect_echo("127.0.0.99", 2, Plan{.bytes = sized<std::uint64_t>(50'021, 4001, 500'009)});
    expect_echo("127.0.0.99", 2,
                Plan{.bytes = sized<std::uint64_t>(20'011, 1001, 100'003), .segment = 7},
                {.receive_buffer = 2304});
}

TEST_F(Wire, ofTheSmallestSegmentsThatLoses) {
    ASSERT_TRUE(command("ip route replace local 127.0.0.99 dev lo table local advmss 48"));
    if (!command("modprobe sch_netem; tc qdisc add dev lo root netem delay 1ms loss 1%"))
        GTEST_SKIP() << "this guest has no netem";
    expect_echo("127.0.0.99", 4,
                Plan{.bytes = sized<std::uint64_t>(10'007, 203, 100'003), .segment = 1},
                {.receive_buffer = 2304});
}

TEST_F(Wire, thatGoesDownAndUp) {
    auto traffic = place_.run(
        [this] { return std::make_unique<Traffic>(Endpoint("127.0.0.1", port_), 5, Plan{}); });
    ASSERT_TRUE(traffic->flows());
    for (int i = 0; i < sized(3, 1, 10); i++) {
        ASSERT_TRUE(command("ip link set lo down"));
        ASSERT_TRUE(command("ip link set lo up"));
        ASSERT_TRUE(traffic->flows(10'000)) << "turn " << i;
    }
    EXPECT_EQ(traffic->finish(), "");
}

/// How many connections of this namespace had data in their SYN.
std::uint64_t fast_opened() {
    std::istringstream lines(read_file("/proc/thread-self/net/netstat").value());
    std::string names;
    std::string values;
    while (std::getline(lines, names) && std::getline(lines, values)) {
        std::istringstream name_words(names);
        std::istringstream value_words(values);
        for (std::string name, value; name_words >> name && value_words >> value;)
            if (name == "TCPFastOpenPassive")
                return std::stoull(value);
    }
    return 0;
}

TEST_F(Wire, thatCarriesDataInItsSyn) {
    place_.run([&] {
        const Service service("tcp_echo");
        // Client, server and every listener, without cookies.
        ASSERT_TRUE(write_file("/proc/sys/net/ipv4/tcp_fastopen", "1543").ok());
        ASSERT_TRUE(service.set("enabled", 0).ok());
        ASSERT_TRUE(service.set("enabled", 1).ok());
        const Endpoint peer("127.0.0.1", port_);
        const std::string message = "in the first segment";
        const int count = sized(50, 20, 500);
        for (int i = 0; i < count; i++) {
            const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            ASSERT_EQ(::sendto(socket.get(), message.data(), message.size(),
                               MSG_FASTOPEN | MSG_NOSIGNAL, peer.data(), peer.size()),
                      static_cast<ssize_t>(message.size()));
            const auto answer = receive_exactly(socket, message.size());
            ASSERT_TRUE(answer.ok()) << i << ": " << answer.text();
            ASSERT_EQ(*answer, message);
            ASSERT_TRUE(half_close(socket).ok());
            ASSERT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::finished);
        }
        EXPECT_GE(fast_opened(), static_cast<std::uint64_t>(count));
        EXPECT_TRUE(service.reaches("connections_closed", static_cast<std::uint64_t>(count)));
    });
}

} // namespace
} // namespace kinetd::suite
