// SPDX-License-Identifier: GPL-2.0
/// \file
/// rmmod, whatever the clients are doing: it works, at once, and leaves nothing.
#include <fcntl.h>

#include <algorithm>
#include <cstdio>

#include "support/fixture.hpp"

namespace kinetd::suite {
namespace {

class Unload : public EchoTest {
protected:
    /// The bound of the project's promise.
    static constexpr Milliseconds bound{2000};

    static void expect_removal() {
        const auto removal = remove_echo();
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(bound));
        EXPECT_FALSE(Service("tcp_echo").present());
        EXPECT_FALSE(exists(sysfs_root + "/protocols/tcp_echo"));
    }

    void reload() const {
        const auto echo = insert_echo(echo_parameters(port_));
        ASSERT_TRUE(echo.ok()) << echo.text();
    }
};

TEST_F(Unload, whenNothingEverHappened) {
    expect_removal();
}

TEST_F(Unload, refusesTheCoreWhileAProtocolIsThere) {
    EXPECT_EQ(remove_module(core_name).code(), EWOULDBLOCK);
    expect_service();
}

TEST_F(Unload, whileStreaming) {
    Traffic traffic(at(), 50);
    ASSERT_TRUE(traffic.flows());
    expect_removal();
    EXPECT_EQ(traffic.end(), "");
}

TEST_F(Unload, withFullSendQueues) {
    std::vector<Descriptor> deaf;
    for (int i = 0; i < 20; i++) {
        deaf.push_back(client({.receive_buffer = 4096, .send_buffer = 65536}));
        ASSERT_TRUE(fill(deaf.back(), patience(Milliseconds(30))).ok());
    }
    expect_removal();
}

TEST_F(Unload, withIdleConnections) {
    auto sockets = clients(100);
    ASSERT_TRUE(round_trip(sockets.back(), "the last one is served").ok());
    expect_removal();
    for (const auto &socket : sockets)
        ASSERT_EQ(wait_for_end(socket, patience(seconds(5))), Ending::finished);
}

TEST_F(Unload, withHalfClosedConnections) {
    std::vector<Descriptor> sockets;
    for (int i = 0; i < sized(30, 8, 30); i++) {
        sockets.push_back(client({.receive_buffer = 4096, .send_buffer = 65536}));
        (void)fill(sockets.back(), Milliseconds(10));
        ASSERT_TRUE(half_close(sockets.back()).ok());
    }
    expect_removal();
}

TEST_F(Unload, duringAnAcceptStorm) {
    for (int i = 0; i < sized(10, 2, 200); i++) {
        Churn polite(at(), Churn::Close::politely);
        Churn rude(at(), Churn::Close::by_reset);
        ASSERT_TRUE(wait_for([&] { return polite.rounds() > 5 && rude.rounds() > 5; },
                             patience(seconds(10))));
        expect_removal();
        polite.stop();
        rude.stop();
        reload();
    }
    expect_service();
}

TEST_F(Unload, withConnectionsThatWaitToBeAccepted) {
    for (int i = 0; i < sized(10, 2, 500); i++) {
        std::vector<Descriptor> sockets;
        for (int j = 0; j < 20; j++) {
            auto socket = start_connect(at());
            ASSERT_TRUE(socket.ok()) << socket.text();
            (void)::send(socket->get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
            sockets.push_back(std::move(socket).value());
        }
        expect_removal();
        reload();
    }
}

TEST_F(Unload, withPeersThatHaveVanished) {
    for (int i = 0; i < 20; i++) {
        auto socket = client({.receive_buffer = 4096, .send_buffer = 65536});
        if (i % 2 == 0)
            (void)fill(socket, Milliseconds(10));
        ASSERT_TRUE(vanish(socket).ok());
    }
    expect_removal();
}

TEST_F(Unload, withAReaderOfItsFiles) {
    std::atomic<bool> done = false;
    std::thread reader([&] {
        while (!done) {
            (void)read_file(service_.path() + "/port");
            (void)read_file(service_.path() + "/stats/bytes_sent");
            (void)read_file("/sys/kernel/debug/kinetd/connections");
        }
    });
    for (int i = 0; i < sized(10, 3, 200); i++) {
        const auto socket = connect_to(at());
        EXPECT_TRUE(socket.ok()) << socket.text();
        expect_removal();
        reload();
    }
    done = true;
    reader.join();
}

TEST_F(Unload, withItsFilesHeldOpen) {
    // Open files of sysfs do not pin the module; using them after it has gone is an error.
    const Descriptor port(::open((service_.path() + "/port").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(static_cast<bool>(port));
    expect_removal();
    char byte = 0;
    EXPECT_EQ(::read(port.get(), &byte, 1), -1);
    EXPECT_EQ(errno, ENODEV);
    EXPECT_EQ(::write(port.get(), "9\n", 2), -1);
    EXPECT_EQ(errno, ENODEV);
}

TEST_F(Unload, endsEveryServiceOfTheProtocol) {
    for (int i = 0; i < 5; i++) {
        const auto name = "s" + std::to_string(i);
        ASSERT_TRUE(new_service(name).ok());
        ASSERT_TRUE(Service(name).set("port", port_ + 5000 + i).ok());
        ASSERT_TRUE(Service(name).set("enabled", i % 2).ok());
    }
    Traffic traffic({"127.0.0.1", static_cast<std::uint16_t>(port_ + 5001)}, 5);
    ASSERT_TRUE(traffic.flows());
    expect_removal();
    EXPECT_EQ(traffic.end(), "");
    EXPECT_TRUE(list(sysfs_root + "/services").empty());
}

TEST_F(Unload, idleAgainAndAgain) {
    for (int i = 0; i < sized(10, 3, 1000); i++) {
        ASSERT_TRUE(remove_echo().status.ok()) << "turn " << i;
        ASSERT_TRUE(remove_module(core_name).ok()) << "turn " << i;
        ASSERT_TRUE(insert_core().ok()) << "turn " << i;
        reload();
    }
    expect_service();
}

TEST_F(Unload, underTrafficAgainAndAgain) {
    for (int i = 0; i < sized(10, 2, 500); i++) {
        Traffic traffic(at(), sized<std::size_t>(20, 8, 20));
        ASSERT_TRUE(traffic.flows(50'000)) << "turn " << i;
        expect_removal();
        EXPECT_EQ(traffic.end(), "");
        if (i % 2 == 0) {
            ASSERT_TRUE(remove_module(core_name).ok()) << "turn " << i;
            ASSERT_TRUE(insert_core().ok()) << "turn " << i;
        }
        reload();
    }
    expect_service();
}

class Promptness : public Unload {
protected:
    /// A thousand connections: half of them stream, a hundred of them have full send queues, and
    /// the rest are idle.
    void SetUp() override {
        Unload::SetUp();
        scale_ = sized<std::size_t>(100, 8, 100);
    }

    void fill_up() {
        for (std::size_t i = 0; i < scale_; i++) {
            deaf_.push_back(client({.receive_buffer = 4096, .send_buffer = 16384}));
            (void)fill(deaf_.back(), Milliseconds(3));
        }
        for (std::size_t i = 0; i < 4 * scale_; i++)
            idle_.push_back(client());
        streaming_ = std::make_unique<Traffic>(at(), 5 * scale_, Plan{.window = 65536});
        ASSERT_TRUE(streaming_->flows());
        ASSERT_TRUE(service_.reaches("connections_active", 10 * scale_));
        // That their queues on the server's side are full is the point of them.
        const auto all_are_full = [this] {
            for (const auto &socket : deaf_)
                (void)fill(socket, Milliseconds(0));
            return full_queues() >= scale_;
        };
        EXPECT_TRUE(wait_for(all_are_full, patience(seconds(5)))) << full_queues();
    }

    void clear() {
        EXPECT_EQ(streaming_->end(), "");
        streaming_.reset();
        deaf_.clear();
        idle_.clear();
    }

    /// The service's connections with something in their send queues, whose peers take nothing.
    [[nodiscard]] std::size_t full_queues() const {
        const auto lines = split(read_file("/sys/kernel/debug/kinetd/connections").value(), '\n');
        return static_cast<std::size_t>(
            std::count_if(lines.begin(), lines.end(), [](const std::string &line) {
                return line.find(" blocked") != std::string::npos;
            }));
    }

    std::size_t scale_ = 0;
    std::vector<Descriptor> deaf_;
    std::vector<Descriptor> idle_;
    std::unique_ptr<Traffic> streaming_;
};

TEST_F(Promptness, ofRmmod) {
    Milliseconds longest{0};
    for (int i = 0; i < sized(2, 1, 100); i++) {
        ASSERT_NO_FATAL_FAILURE(fill_up()) << "turn " << i;
        const auto removal = remove_echo();
        ASSERT_TRUE(removal.status.ok()) << "turn " << i << ": " << removal.status.text();
        EXPECT_LT(removal.took, patience(bound)) << "turn " << i;
        longest = std::max(longest, removal.took);
        clear();
        reload();
    }
    std::printf("  rmmod took at most %ld ms\n", static_cast<long>(longest.count()));
}

TEST_F(Promptness, ofDisabling) {
    Milliseconds longest{0};
    for (int i = 0; i < sized(1, 1, 20); i++) {
        ASSERT_NO_FATAL_FAILURE(fill_up()) << "turn " << i;
        const Stopwatch watch;
        ASSERT_TRUE(service_.set("enabled", 0).ok());
        EXPECT_TRUE(service_.reaches("connections_active", 0));
        EXPECT_LT(watch.elapsed(), patience(bound)) << "turn " << i;
        longest = std::max(longest, watch.elapsed());
        clear();
        ASSERT_TRUE(service_.set("enabled", 1).ok());
    }
    std::printf("  it took at most %ld ms\n", static_cast<long>(longest.count()));
}

} // namespace
} // namespace kinetd::suite
