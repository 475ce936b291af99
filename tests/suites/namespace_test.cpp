// SPDX-License-Identifier: GPL-2.0
/// \file
/// Services live in a network namespace, and end with it.
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>

#include "support/fixture.hpp"
#include "support/inside.hpp"

namespace kinetd::suite {
namespace {

class Namespace : public EchoTest {
protected:
    /// Brings a service up inside `where`.
    void start_inside(const NetworkNamespace &where, const std::string &name,
                      const std::string &address = "127.0.0.1") const {
        suite::start_inside(where, {.port = port_, .name = name, .address = address});
    }

    static bool gone(const std::string &name) { return goes(name, patience(seconds(2))); }
};

TEST_F(Namespace, isTheOneOfTheLoader) {
    EXPECT_EQ(service_.number("netns"), own_namespace_inode());
}

TEST_F(Namespace, isTheOneOfTheCreator) {
    auto place = NetworkNamespace::create().value();
    EXPECT_NE(place.inode(), own_namespace_inode());
    start_inside(place, "inside");
    // The same address and port in two namespaces are two services.
    expect_service();
    place.run([this] { expect_service(); });
    EXPECT_EQ(service_.stat("connections_accepted"), 1U);
    EXPECT_EQ(Service("inside").stat("connections_accepted"), 1U);
    place.drop();
    EXPECT_TRUE(gone("inside"));
    expect_service();
}

TEST_F(Namespace, isTheOneOfInsmod) {
    ASSERT_TRUE(remove_echo().status.ok());
    auto place = NetworkNamespace::create().value();
    const auto code = place.run([this] { return insert_echo(echo_parameters(port_)).code(); });
    ASSERT_EQ(code, 0) << std::strerror(code);
    EXPECT_EQ(service_.number("netns"), place.inode());
    place.run([this] { expect_service(); });
    EXPECT_EQ(connect_to(at()).code(), ECONNREFUSED);
    place.drop();
    EXPECT_TRUE(gone("tcp_echo"));
    EXPECT_TRUE(remove_echo().status.ok());
}

TEST_F(Namespace, endsWithoutConnections) {
    for (int i = 0; i < sized(10, 3, 500); i++) {
        auto place = NetworkNamespace::create().value();
        start_inside(place, "inside");
        place.drop();
        ASSERT_TRUE(gone("inside")) << "turn " << i;
    }
}

TEST_F(Namespace, endsWithAServiceThatIsDown) {
    auto place = NetworkNamespace::create().value();
    ASSERT_EQ(place.run([] { return new_service("inside").code(); }), 0);
    place.drop();
    EXPECT_TRUE(gone("inside"));
}

TEST_F(Namespace, endsWithConnectionsWhosePeersAreGone) {
    // A client's socket would keep its namespace alive. These have left without a word, so that the
    // server's side is still there when the namespace ends: idle, streaming into the void, and
    // full.
    for (int i = 0; i < sized(10, 2, 200); i++) {
        auto place = NetworkNamespace::create().value();
        start_inside(place, "inside");
        place.run([this] {
            for (int j = 0; j < 30; j++) {
                auto socket = client({.receive_buffer = 4096, .send_buffer = 65536});
                if (j % 3 == 1)
                    (void)fill(socket, Milliseconds(3));
                if (j % 3 == 2)
                    (void)send_all(socket, std::string(2000, 'x'));
                EXPECT_TRUE(vanish(socket).ok());
            }
        });
        place.drop();
        ASSERT_TRUE(gone("inside")) << "turn " << i;
    }
    expect_service();
}

TEST_F(Namespace, endsUnderTraffic) {
    for (int i = 0; i < sized(10, 2, 200); i++) {
        auto place = NetworkNamespace::create().value();
        start_inside(place, "inside");
        ASSERT_TRUE(Service("inside").set("exec", i % 2 == 0 ? "thread" : "inline").ok());
        ASSERT_TRUE(Pool("default").set("busy_poll_us", i % 4 == 0 ? 10'000 : 0).ok());
        auto traffic = place.run([this] { return std::make_unique<Traffic>(at(), 20, Plan{}); });
        ASSERT_TRUE(traffic->flows(100'000));
        // The last references are those of the clients' sockets, which go in mid-stream.
        place.drop();
        traffic.reset();
        ASSERT_TRUE(gone("inside")) << "turn " << i;
    }
    expect_service();
}

TEST_F(Namespace, endsWhileOthersGoOn) {
    Traffic outside(at(), 10);
    ASSERT_TRUE(outside.flows());
    for (int i = 0; i < sized(10, 2, 200); i++) {
        auto place = NetworkNamespace::create().value();
        start_inside(place, "inside");
        place.run([this] { expect_service(); });
        place.drop();
        ASSERT_TRUE(gone("inside"));
    }
    ASSERT_TRUE(outside.flows());
    EXPECT_EQ(outside.finish(), "");
}

TEST_F(Namespace, endsTogetherWithOthers) {
    std::vector<NetworkNamespace> places;
    for (int i = 0; i < 10; i++) {
        places.push_back(NetworkNamespace::create().value());
        start_inside(places.back(), "inside" + std::to_string(i));
    }
    places.clear();
    for (int i = 0; i < 10; i++)
        EXPECT_TRUE(gone("inside" + std::to_string(i)));
    expect_service();
}

TEST_F(Namespace, endsWhileTheModuleLeaves) {
    for (int i = 0; i < sized(10, 3, 500); i++) {
        auto place = NetworkNamespace::create().value();
        start_inside(place, "inside");
        auto traffic = place.run([this] { return std::make_unique<Traffic>(at(), 5, Plan{}); });
        ASSERT_TRUE(traffic->flows(10'000));
        place.drop();
        std::thread leaver([&traffic] { traffic.reset(); });
        const auto removal = remove_echo();
        leaver.join();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        ASSERT_TRUE(insert_echo(echo_parameters(port_)).ok());
        ASSERT_FALSE(Service("inside").present());
    }
    expect_service();
}

TEST_F(Namespace, lastsWhileTheModuleIsGone) {
    // A namespace must be free to end after the module whose service was in it has left.
    auto place = NetworkNamespace::create().value();
    start_inside(place, "inside");
    place.run([this] { expect_service(); });
    ASSERT_TRUE(remove_echo().status.ok());
    ASSERT_TRUE(remove_module(core_name).ok());
    place.drop();
    ASSERT_TRUE(insert_core().ok());
    ASSERT_TRUE(insert_echo(echo_parameters(port_)).ok());
    expect_service();
}

TEST_F(Namespace, keepsItsConnectionsOnASettingsChange) {
    auto place = NetworkNamespace::create().value();
    start_inside(place, "inside", "0.0.0.0");
    auto traffic = place.run([this] { return std::make_unique<Traffic>(at(), 5, Plan{}); });
    ASSERT_TRUE(traffic->flows(10'000));
    const Service inside("inside");
    ASSERT_TRUE(inside.set("port", port_ + 5000).ok());
    place.run([this] { expect_service({"127.0.0.1", static_cast<std::uint16_t>(port_ + 5000)}); });
    ASSERT_TRUE(traffic->flows(10'000));
    EXPECT_EQ(traffic->finish(), "");
}

class NamespacePromptness : public Namespace {};

TEST_F(NamespacePromptness, ofDeletion) {
    // "ip netns del" is the end of the last reference. A thousand connections, with their peers
    // gone in silence, half of them after much traffic, a hundred with full send queues.
    const int scale = sized(100, 10, 100);
    Milliseconds longest{0};
    for (int i = 0; i < sized(2, 1, 100); i++) {
        auto place = NetworkNamespace::create().value();
        start_inside(place, "inside");
        place.run([&] {
            std::vector<Descriptor> sockets;
            for (int j = 0; j < 10 * scale; j++) {
                sockets.push_back(client({.receive_buffer = 4096, .send_buffer = 16384}));
                if (j % 10 == 0)
                    (void)fill(sockets.back(), Milliseconds(3));
                else if (j % 2 == 0)
                    round_trip(sockets.back(), std::string(1000, 'x')).value();
            }
            for (auto &socket : sockets)
                EXPECT_TRUE(vanish(socket).ok());
        });
        EXPECT_GT(Service("inside").active(), 8U * static_cast<unsigned>(scale));
        const Stopwatch watch;
        place.drop();
        ASSERT_TRUE(wait_for([] { return !Service("inside").present(); }, patience(seconds(10))));
        EXPECT_LT(watch.elapsed(), patience(Milliseconds(2000))) << "turn " << i;
        longest = std::max(longest, watch.elapsed());
    }
    std::printf("  the service was gone after at most %ld ms\n",
                static_cast<long>(longest.count()));
}

TEST_F(NamespacePromptness, ofIpNetnsDel) {
    // The same by the command, with clients in another namespace if there are virtual links.
    const auto run = [](const std::string &command) {
        return std::system(
            ("{ " + command + "; } >/dev/null 2>&1").c_str()); // NOLINT(cert-env33-c)
    };
    if (run("modprobe veth; ip link add kv0 type veth peer name kv1") != 0)
        GTEST_SKIP() << "this guest has no veth";
    ASSERT_EQ(run("ip netns add kinetd_suites && ip link set kv1 netns kinetd_suites && "
                  "ip addr add 10.77.0.1/24 dev kv0 && ip link set kv0 up && "
                  "ip -n kinetd_suites addr add 10.77.0.2/24 dev kv1 && "
                  "ip -n kinetd_suites link set kv1 up && ip -n kinetd_suites link set lo up"),
              0);
    ASSERT_EQ(run("ip netns exec kinetd_suites sh -c 'echo inside > "
                  "/sys/kernel/kinetd/protocols/tcp_echo/new_service'"),
              0);
    const Service inside("inside");
    ASSERT_TRUE(inside.set("port", port_).ok());
    ASSERT_TRUE(inside.set("address", "0.0.0.0").ok());
    ASSERT_TRUE(inside.set("enabled", 1).ok());
    const std::size_t scale = sized<std::size_t>(100, 8, 100);
    std::vector<Descriptor> deaf;
    for (std::size_t i = 0; i < scale; i++) {
        deaf.push_back(
            connect_to(at("10.77.0.2"), {.receive_buffer = 4096, .send_buffer = 16384}).value());
        (void)fill(deaf.back(), Milliseconds(3));
    }
    std::vector<Descriptor> idle;
    for (std::size_t i = 0; i < 4 * scale; i++)
        idle.push_back(connect_to(at("10.77.0.2")).value());
    Traffic traffic(at("10.77.0.2"), 5 * scale, Plan{.window = 65536});
    ASSERT_TRUE(traffic.flows());
    const Stopwatch watch;
    ASSERT_EQ(run("ip netns del kinetd_suites"), 0);
    EXPECT_TRUE(wait_for([&] { return !inside.present(); }, patience(seconds(10))));
    EXPECT_LT(watch.elapsed(), patience(Milliseconds(2000)));
    std::printf("  the service was gone after %ld ms\n",
                static_cast<long>(watch.elapsed().count()));
    expect_service();
}

} // namespace
} // namespace kinetd::suite
