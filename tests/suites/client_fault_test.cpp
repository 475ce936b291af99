// SPDX-License-Identifier: GPL-2.0
/// \file
/// Every allocation of a client fails once, and those of its thread at random.
#include <cstdio>

#include "support/client_fixture.hpp"
#include "support/fault.hpp"
#include "support/hammer.hpp"

namespace kinetd::suite {
namespace {

class ClientFault : public ClientTest {
protected:
    void SetUp() override {
        if (!can_inject())
            GTEST_SKIP() << "this kernel has no fault injection";
        ClientTest::SetUp();
    }
};

TEST_F(ClientFault, inInsmod) {
    ASSERT_TRUE(remove_client().status.ok());
    const Injection injection;
    Injection::only_below("do_init_module"); // the module loader has faults of its own
    expect_unwinding(
        "insmod", [] { return insert_client(); },
        [](const Status &status) {
            if (status) {
                ASSERT_TRUE(remove_client().status.ok());
            }
            ASSERT_FALSE(is_loaded(client_name));
            ASSERT_FALSE(exists(sysfs_root + "/clients"));
        });
}

TEST_F(ClientFault, inNewClients) {
    Hammer reader({reading(Client("extra").path() + "/netns")});
    const Injection injection;
    expect_unwinding(
        "new_client", [] { return new_client("extra"); },
        [](const Status &status) {
            ASSERT_EQ(Client("extra").present(), status.ok());
            if (status) {
                ASSERT_TRUE(delete_client("extra").ok());
            }
        });
    EXPECT_EQ(reader.surprises({ENOENT, ENODEV}), "");
}

TEST_F(ClientFault, inStarting) {
    const Injection injection;
    client_.configure({{"payload_bytes", "200000"}, {"count", "2"}});
    ASSERT_TRUE(client_.run().ok());
    expect_unwinding(
        "running", [this] { return client_.start(); },
        [this](const Status &status) {
            if (!status) {
                // Nothing has changed, not even the counters.
                EXPECT_FALSE(client_.running());
                EXPECT_EQ(client_.stat("received"), 2U) << client_.summary();
            }
            ASSERT_TRUE(client_.ends());
            ASSERT_TRUE(client_.stop().ok());
        });
}

TEST_F(ClientFault, inSettings) {
    const Injection injection;
    for (const auto &[attribute, value] :
         std::initializer_list<std::pair<const char *, const char *>>{
             {"transport", "tcp"}, {"address", "127.0.0.1"}, {"count", "5"}, {"running", "0"}})
        expect_unwinding(
            attribute,
            [this, attribute = attribute, value = value] { return client_.set(attribute, value); },
            [](const Status &) {});
}

TEST_F(ClientFault, inItsThreadUnderTraffic) {
    const DatagramPeer peer({"127.0.0.1", other_port_}, DatagramPeer::echo);
    const auto small = Client::make(
        "small", {{"port", std::to_string(port_)}, {"interval_us", "0"}, {"timeout_ms", "500"}});
    const auto large = Client::make("large", {{"port", std::to_string(port_)},
                                              {"interval_us", "0"},
                                              {"payload_bytes", "300000"},
                                              {"timeout_ms", "2000"}});
    const auto datagrams = Client::make("datagrams", {{"port", std::to_string(other_port_)},
                                                      {"transport", "udp"},
                                                      {"payload_bytes", "9000"},
                                                      {"interval_us", "0"},
                                                      {"timeout_ms", "500"}});
    const Injection injection;
    for (const auto *client : {&small, &large, &datagrams})
        ASSERT_TRUE(client->start().ok());
    for (const int percent : {1, 10, 50}) {
        Shortage shortage(client_threads(), percent);
        // The service comes and goes, so that connecting has its faults, too.
        for (int i = 0; i < 3; i++) {
            ASSERT_TRUE(service_.set("enabled", 0).ok());
            ASSERT_TRUE(service_.set("enabled", 1).ok());
            (void)small.grows("received", 10, Milliseconds(300));
        }
        shortage.end();
        for (const auto *client : {&small, &large, &datagrams}) {
            EXPECT_TRUE(client->grows("received", 3)) << percent << ": " << client->summary();
            EXPECT_EQ(client->stat("mismatched"), 0U) << client->summary();
        }
    }
    for (const auto *client : {&small, &large, &datagrams}) {
        ASSERT_TRUE(client->stop().ok());
        expect_balance(*client);
        std::printf("  %s\n", client->summary().c_str());
    }
    expect_service();
}

} // namespace
} // namespace kinetd::suite
