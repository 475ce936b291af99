// SPDX-License-Identifier: GPL-2.0
/// \file
/// The start of every test of the client: all modules, an echo service, and a client of it.
#pragma once

#include "support/client.hpp"
#include "support/fixture.hpp"
#include "support/peer.hpp"

namespace kinetd::suite {

class ClientTest : public EchoTest {
protected:
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(EchoTest::SetUp());
        const auto inserted = insert_client();
        ASSERT_TRUE(inserted.ok()) << inserted.text();
        ASSERT_TRUE(new_client("probe").ok());
        // In a busy guest an answer takes its time; who is interested in that says so.
        client_.configure(
            {{"port", std::to_string(port_)}, {"interval_us", "0"}, {"timeout_ms", "20000"}});
    }

    /// A client that is left running keeps the service busy, and the oracle wants it idle.
    void TearDown() override {
        if (is_loaded(client_name)) {
            const auto removal = remove_client();
            EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        }
    }

    /// A client at rest has concluded all that it has sent.
    static void expect_balance(const Client &client) {
        EXPECT_FALSE(client.running());
        EXPECT_EQ(client.stat("sent"), client.concluded()) << client.summary();
    }
    void expect_balance() const { expect_balance(client_); }

    /// All that was sent has come back, `count` messages, and in a time that makes sense.
    static void expect_all_received(const Client &client, std::uint64_t count) {
        EXPECT_EQ(client.stat("sent"), count) << client.summary();
        EXPECT_EQ(client.stat("received"), count) << client.summary();
        EXPECT_EQ(client.stat("errors"), 0U) << client.summary();
        EXPECT_EQ(client.stat("reconnects"), 0U) << client.summary();
        expect_balance(client);
        EXPECT_GT(client.stat("rtt_min_ns"), 0U);
        EXPECT_LE(client.stat("rtt_min_ns"), client.stat("rtt_p50_ns"));
        EXPECT_LE(client.stat("rtt_p50_ns"), client.stat("rtt_p99_ns"));
        EXPECT_LE(client.stat("rtt_p99_ns"), client.stat("rtt_max_ns"));
        EXPECT_LE(client.stat("rtt_min_ns"), client.stat("rtt_mean_ns"));
        EXPECT_LE(client.stat("rtt_mean_ns"), client.stat("rtt_max_ns"));
    }
    void expect_all_received(std::uint64_t count) const { expect_all_received(client_, count); }

    Client client_{"probe"};
    std::uint16_t other_port_ = fresh_port(); ///< for a peer of the test's own
};

/// A port of this host that takes no connection: each attempt waits, unanswered.
class BlackHole {
public:
    explicit BlackHole(const Endpoint &at) : listener_(listen_on(at).value()) {
        // As many as the queue takes, and one: from then on nobody answers.
        if (::listen(listener_.get(), 1) != 0)
            throw std::runtime_error(last_error("listen").text());
        for (int i = 0; i < 2; i++)
            waiting_.push_back(connect_to(at).value());
    }

private:
    Descriptor listener_;
    std::vector<Descriptor> waiting_;
};

} // namespace kinetd::suite
