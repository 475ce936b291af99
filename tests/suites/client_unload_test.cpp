// SPDX-License-Identifier: GPL-2.0
/// \file
/// Stopping, deleting and unloading, whatever a client waits for: it works, at once, and leaves
/// nothing.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>

#include "support/client_fixture.hpp"
#include "support/netns.hpp"

namespace kinetd::suite {
namespace {

class ClientUnload : public ClientTest {
protected:
    /// The bounds of the project's promise.
    static constexpr Milliseconds stop_bound{500};
    static constexpr Milliseconds unload_bound{2000};

    /// Peers that keep a client waiting, each in its own way, on ports of their own.
    struct Peers {
        Peers()
            : silent({"127.0.0.1", silent_port}, StreamPeer::silence),
              silent_udp({"127.0.0.1", silent_port}, DatagramPeer::silence),
              deaf(listen_on({"127.0.0.1", deaf_port}).value()), hole({"127.0.0.1", hole_port}) {
            (void)::listen(deaf.get(), 1000);
        }

        std::uint16_t silent_port = fresh_port();
        std::uint16_t deaf_port = fresh_port();
        std::uint16_t hole_port = fresh_port();
        std::uint16_t nobodys_port = fresh_port();
        StreamPeer silent;
        DatagramPeer silent_udp;
        Descriptor deaf; ///< takes connections, and nothing that is sent on them
        BlackHole hole;
    };

    /// Something that a client can be waiting for.
    struct Wait {
        const char *name;
        std::function<void(const Client &, const Peers &)> configure;
        std::function<bool(const Client &)> reached;
    };
    std::vector<Wait> waits() const {
        static const auto always = [](const Client &) { return true; };
        static const auto has_sent = [](const Client &client) { return client.stat("sent") > 0; };
        static const auto has_failed = [](const Client &client) {
            return client.stat("errors") > 2;
        };
        const auto to = [](std::uint16_t port, const char *transport = "tcp") {
            return [=](const Client &client, const Peers & /*peers*/) {
                client.configure({{"port", std::to_string(port)},
                                  {"transport", transport},
                                  {"interval_us", "0"},
                                  {"timeout_ms", "3600000"}});
            };
        };
        const auto own = to(port_);
        return {
            {"traffic", own, [](const Client &client) { return client.stat("received") > 10; }},
            {"its time",
             [own](const Client &client, const Peers &peers) {
                 own(client, peers);
                 client.configure({{"interval_us", "4294967295"}});
             },
             [](const Client &client) { return client.stat("received") > 0; }},
            {"an answer",
             [to](const Client &client, const Peers &peers) {
                 to(peers.silent_port)(client, peers);
             },
             has_sent},
            {"a datagram",
             [to](const Client &client, const Peers &peers) {
                 to(peers.silent_port, "udp")(client, peers);
             },
             has_sent},
            {"room to send",
             [to](const Client &client, const Peers &peers) {
                 to(peers.deaf_port)(client, peers);
                 client.configure({{"payload_bytes", "1048576"}});
             },
             has_sent},
            {"a connection",
             [to](const Client &client, const Peers &peers) { to(peers.hole_port)(client, peers); },
             always},
            {"another try",
             [to](const Client &client, const Peers &peers) {
                 to(peers.nobodys_port)(client, peers);
             },
             has_failed},
            {"another datagram",
             [to](const Client &client, const Peers &peers) {
                 to(peers.nobodys_port, "udp")(client, peers);
             },
             has_failed},
        };
    }

    void start(const Client &client, const Wait &wait, const Peers &peers) const {
        wait.configure(client, peers);
        ASSERT_TRUE(client.start().ok()) << wait.name;
        ASSERT_TRUE(wait_for([&] { return wait.reached(client); }, patience(seconds(20))))
            << wait.name << ": " << client.summary();
    }

    static bool gone(const std::string &name) {
        return wait_for([&] { return !Client(name).present(); }, patience(seconds(5)));
    }
};

TEST_F(ClientUnload, stopsAtOnceWhateverItWaitsFor) {
    const Peers peers;
    for (const auto &wait : waits()) {
        Milliseconds longest{0};
        for (int i = 0; i < sized(5, 2, 100); i++) {
            ASSERT_NO_FATAL_FAILURE(start(client_, wait, peers));
            EXPECT_TRUE(client_.running()) << wait.name;
            const Stopwatch watch;
            ASSERT_TRUE(client_.stop().ok());
            longest = std::max(longest, watch.elapsed());
            EXPECT_EQ(client_.stat("mismatched"), 0U) << wait.name;
            expect_balance();
        }
        EXPECT_LT(longest, patience(stop_bound)) << wait.name;
        std::printf("  waiting for %s: stopped after at most %ld ms\n", wait.name,
                    static_cast<long>(longest.count()));
        client_.configure({{"payload_bytes", "64"}});
    }
}

TEST_F(ClientUnload, isDeletedAtOnceWhateverItWaitsFor) {
    const Peers peers;
    for (const auto &wait : waits()) {
        ASSERT_TRUE(new_client("brief").ok());
        ASSERT_NO_FATAL_FAILURE(start(Client("brief"), wait, peers));
        const Stopwatch watch;
        ASSERT_TRUE(delete_client("brief").ok()) << wait.name;
        EXPECT_LT(watch.elapsed(), patience(stop_bound)) << wait.name;
        EXPECT_FALSE(Client("brief").present());
        EXPECT_TRUE(client_threads_are_gone()) << wait.name;
    }
}

TEST_F(ClientUnload, ofTheModuleWhileManyRun) {
    const Peers peers;
    const auto kinds = waits();
    const std::size_t many = sized(20U, 8U, 50U);
    for (int i = 0; i < sized(3, 1, 50); i++) {
        for (std::size_t j = 0; j < many; j++) {
            const auto client = Client::make("c" + std::to_string(j));
            ASSERT_NO_FATAL_FAILURE(start(client, kinds[j % kinds.size()], peers));
        }
        EXPECT_EQ(client_threads().size(), many);
        const auto removal = remove_client();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(unload_bound));
        std::printf("  rmmod took %ld ms\n", static_cast<long>(removal.took.count()));
        EXPECT_FALSE(exists(sysfs_root + "/clients"));
        EXPECT_TRUE(client_threads_are_gone());
        ASSERT_TRUE(insert_client().ok());
    }
    expect_service();
}

TEST_F(ClientUnload, ofTheCoreIsRefused) {
    ASSERT_TRUE(remove_echo().status.ok());
    EXPECT_EQ(remove_module(core_name).code(), EWOULDBLOCK);
    ASSERT_TRUE(remove_client().status.ok());
    EXPECT_TRUE(remove_module(core_name).ok());
}

TEST_F(ClientUnload, whenItHasEndedByItself) {
    for (int i = 0; i < sized(10, 2, 200); i++) {
        auto client = Client::make("brief", {{"port", std::to_string(port_)},
                                             {"interval_us", "0"},
                                             {"count", std::to_string(1 + i % 3)}});
        ASSERT_TRUE(client.start().ok());
        if (i % 2 == 0) {
            ASSERT_TRUE(client.ends());
        }
        // Else it may be ending right now.
        const auto removal = remove_client();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        ASSERT_TRUE(insert_client().ok());
    }
}

TEST_F(ClientUnload, underWriters) {
    // Everybody writes to everything while the module comes and goes.
    std::atomic<bool> stopping = false;
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; i++)
        writers.emplace_back([&, i] {
            const auto name = "w" + std::to_string(i % 2);
            const Client client(name);
            while (!stopping) {
                (void)new_client(name);
                (void)client.set("port", port_);
                (void)client.set("interval_us", i * 100);
                (void)client.start();
                (void)read_file(client.path() + "/stats/rtt_p99_ns");
                (void)client.set("payload_bytes", 100);
                if (i != 0)
                    (void)client.stop();
                (void)delete_client(name);
            }
        });
    for (int i = 0; i < sized(8, 3, 500); i++) {
        const auto removal = remove_client();
        // An open file of a module that is going may hold it for a moment: it is "in use" then.
        if (removal.status) {
            EXPECT_LT(removal.took, patience(unload_bound));
            ASSERT_TRUE(insert_client().ok()) << "turn " << i;
        } else {
            EXPECT_EQ(removal.status.code(), EWOULDBLOCK) << removal.status.text();
        }
    }
    stopping = true;
    for (auto &writer : writers)
        writer.join();
    expect_service();
}

TEST_F(ClientUnload, withItsNamespace) {
    for (int i = 0; i < sized(10, 2, 200); i++) {
        auto place = NetworkNamespace::create().value();
        place.run([&] {
            new_service("inside").value();
            for (int j = 0; j < 6; j++)
                new_client("inside" + std::to_string(j)).value();
        });
        const Service service("inside");
        ASSERT_TRUE(service.set("port", port_).ok());
        ASSERT_TRUE(service.set("enabled", 1).ok());
        for (int j = 0; j < 6; j++) {
            const Client inside("inside" + std::to_string(j));
            inside.configure({{"port", std::to_string(j % 3 == 2 ? other_port_ : port_)},
                              {"transport", j == 5 ? "udp" : "tcp"},
                              {"payload_bytes", std::to_string(j % 3 == 1 ? 60000 : 64)},
                              {"interval_us", j == 3 ? "4294967295" : "0"}});
            ASSERT_TRUE(inside.start().ok());
            const auto *counter = j % 3 == 2 ? "errors" : "received";
            ASSERT_TRUE(wait_for([&] { return inside.stat(counter) > 0; }, patience(seconds(20))))
                << inside.summary();
        }
        // Neither they nor the service hold it: this was the last reference.
        place.drop();
        for (int j = 0; j < 6; j++)
            ASSERT_TRUE(gone("inside" + std::to_string(j))) << "turn " << i;
        ASSERT_TRUE(wait_for([&] { return !service.present(); }, patience(seconds(5))));
    }
    EXPECT_TRUE(client_.present());
    ASSERT_TRUE(client_.start().ok());
    EXPECT_TRUE(client_.grows("received"));
}

TEST_F(ClientUnload, togetherWithItsNamespace) {
    for (int i = 0; i < sized(10, 2, 200); i++) {
        auto place = NetworkNamespace::create().value();
        place.run([] { new_client("inside").value(); });
        const Client inside("inside");
        inside.configure({{"port", std::to_string(other_port_)}, {"interval_us", "0"}});
        ASSERT_TRUE(inside.start().ok());
        ASSERT_TRUE(inside.grows("errors"));
        place.drop();
        const auto removal = remove_client();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(unload_bound));
        ASSERT_TRUE(insert_client().ok());
    }
}

TEST_F(ClientUnload, leavesNoSocketInItsNamespace) {
    // A client that is stopped in order has FINs under way; the namespace can end all the same.
    for (int i = 0; i < sized(10, 2, 200); i++) {
        auto place = NetworkNamespace::create().value();
        place.run([&] {
            new_service("inside").value();
            new_client("inside").value();
        });
        const Service service("inside");
        ASSERT_TRUE(service.set("port", port_).ok());
        ASSERT_TRUE(service.set("enabled", 1).ok());
        const Client inside("inside");
        inside.configure({{"port", std::to_string(port_)}, {"interval_us", "0"}, {"count", "20"}});
        ASSERT_TRUE(inside.run().ok());
        expect_all_received(inside, 20);
        place.drop();
        ASSERT_TRUE(gone("inside")) << "turn " << i;
    }
}

} // namespace
} // namespace kinetd::suite
