// SPDX-License-Identifier: GPL-2.0
/// \file
/// exec=inline from a connection's first byte to its end: accepted by the softirq that delivers its
/// first message, finished by the one that delivers its FIN.
#include <unistd.h>

#include <optional>
#include <vector>

#include "support/cpu.hpp"
#include "support/events.hpp"
#include "support/fault.hpp"
#include "support/fixture.hpp"
#include "support/hammer.hpp"
#include "support/health.hpp"
#include "support/inside.hpp"

namespace kinetd::suite {
namespace {

class InlineAccept : public EchoTest {
protected:
    void SetUp() override {
        EchoTest::SetUp();
        if (!HasFatalFailure())
            go_inline();
    }
    void go_inline() const { ASSERT_TRUE(service_.set("exec", "inline").ok()); }

    /// Connects, has something echoed and closes, so often; the worker does the last of it.
    void churn(int times) const {
        for (int i = 0; i < times; i++)
            ASSERT_TRUE(round_trip(client(), "from the first byte").ok()) << i;
        ASSERT_TRUE(service_.reaches("connections_active", 0));
    }
};

TEST_F(InlineAccept, isOfTheFirstMessage) {
    const Events events;
    ASSERT_TRUE(events.switched_on());
    const OnCpu here(0);
    // Or a worker may accept a connection before its first message has come.
    ASSERT_NO_FATAL_FAILURE(hold_the_workers_back());
    // The sockets that these leave are accepted into by softirqs.
    ASSERT_NO_FATAL_FAILURE(churn(40));
    // A softirq borrows the thread that has just sent. One that was stopped with its CPU leaves
    // all to the worker for as long.
    const auto by_us = [] {
        return Events::count("kinetd_connection_open", "-" + std::to_string(::gettid()) + " ");
    };
    std::uint64_t all = 40;
    EXPECT_TRUE(wait_for(
        [&] {
            const auto before = by_us();
            churn(20);
            all += 20;
            return HasFailure() || by_us() - before >= 15;
        },
        patience(seconds(20))));
    EXPECT_EQ(Events::count("kinetd_connection_open"), all);
    EXPECT_EQ(service_.stat("connections_accepted"), all);
    EXPECT_EQ(service_.stat("connections_closed"), all);
    EXPECT_EQ(service_.stat("bytes_sent"), service_.stat("bytes_received"));
}

TEST_F(InlineAccept, answersAFinAtOnce) {
    const OnCpu here(0);
    ASSERT_NO_FATAL_FAILURE(hold_the_workers_back());
    ASSERT_NO_FATAL_FAILURE(churn(40));
    const auto at_once = [&] {
        const auto socket = client();
        EXPECT_TRUE(round_trip(socket, "and then nothing more").ok());
        EXPECT_TRUE(half_close(socket).ok());
        char byte = 0;
        const bool finished = ::recv(socket.get(), &byte, 1, MSG_DONTWAIT) == 0;
        if (!finished) {
            EXPECT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::finished);
        }
        return finished;
    };
    // What a softirq that was stopped with its CPU leaves to the worker is not all of a later row.
    EXPECT_TRUE(wait_for(
        [&] {
            int finished = 0;
            for (int i = 0; i < 20; i++)
                finished += at_once() ? 1 : 0;
            return HasFailure() || finished >= 15;
        },
        patience(seconds(20))));
}

TEST_F(InlineAccept, leavesWhoSaysNothingToTheWorker) {
    ASSERT_NO_FATAL_FAILURE(churn(20));
    const auto silent = clients(20);
    EXPECT_TRUE(service_.reaches("connections_active", 20));
    for (const auto &socket : silent)
        ASSERT_TRUE(half_close(socket).ok());
    for (const auto &socket : silent)
        EXPECT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::finished);
}

TEST_F(InlineAccept, leavesWhoIsTooManyToTheWorker) {
    ASSERT_NO_FATAL_FAILURE(churn(20));
    ASSERT_TRUE(service_.set("max_connections", 3).ok());
    std::vector<Descriptor> served;
    for (int i = 0; i < 3; i++) {
        served.push_back(client());
        ASSERT_TRUE(round_trip(served.back(), "one of three").ok());
    }
    for (int i = 1; i <= 10; i++) {
        const auto socket = client();
        (void)::send(socket.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        EXPECT_NE(wait_for_end(socket, patience(seconds(10))), Ending::open);
        EXPECT_EQ(service_.stat("connections_refused"), static_cast<std::uint64_t>(i));
    }
    EXPECT_EQ(service_.active(), 3U);
    served.clear();
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    expect_service();
}

TEST_F(InlineAccept, ofTheLastOneThatMayCome) {
    // The softirq and the worker may both be after it; it is not one too many for either.
    ASSERT_NO_FATAL_FAILURE(churn(20));
    ASSERT_TRUE(service_.set("max_connections", 1).ok());
    for (int i = 0; i < sized(100, 20, 10'000); i++) {
        ASSERT_TRUE(round_trip(client(), "alone").ok()) << i;
        ASSERT_TRUE(service_.reaches("connections_active", 0));
    }
    EXPECT_EQ(service_.stat("connections_refused"), 0U);
}

TEST_F(InlineAccept, whileAllChanges) {
    Churn one(at(), Churn::Close::politely);
    Churn other(at(), Churn::Close::politely);
    Churn rude(at(), Churn::Close::by_reset);
    ASSERT_TRUE(new_pool("second").ok());
    const Service service = service_;
    const Pool pool = pool_;
    Hammer hammer({
        [&](int blow) { return service.set("exec", blow % 4 == 0 ? "thread" : "inline"); },
        [&](int blow) { return service.set("pool", blow % 2 == 0 ? "second" : "default"); },
        [&](int blow) { return pool.set("threads", 1 + blow % 3); },
    });
    const auto rounds = sized<std::uint64_t>(300, 60, 3000);
    EXPECT_TRUE(wait_for([&] { return one.rounds() > rounds && rude.rounds() > rounds; },
                         patience(seconds(60))));
    hammer.stop();
    EXPECT_EQ(hammer.surprises({}), "");
    for (auto *churn : {&one, &other}) {
        churn->stop();
        EXPECT_EQ(churn->failures(), 0U) << churn->first_failure();
    }
    rude.stop();
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

TEST_F(InlineAccept, movedAmongConnects) {
    // Who is in the middle of a handshake with the socket that closes is reset.
    Churn one(at(), Churn::Close::politely);
    Churn other(at(), Churn::Close::unsent);
    for (int i = 0; i < sized(10, 4, 100); i++) {
        ASSERT_TRUE(service_.set("address", i % 2 == 0 ? "0.0.0.0" : "127.0.0.1").ok());
        const auto rounds = one.rounds();
        ASSERT_TRUE(wait_for([&] { return one.rounds() > rounds + 5; }, patience(seconds(10))));
    }
    one.stop();
    other.stop();
    EXPECT_TRUE(service_.comes_to_rest());
}

TEST_F(InlineAccept, disabledAmongConnects) {
    for (int i = 0; i < sized(10, 3, 100); i++) {
        Churn polite(at(), Churn::Close::politely);
        Churn rude(at(), Churn::Close::unsent);
        ASSERT_TRUE(wait_for([&] { return polite.rounds() > 5; }, patience(seconds(10))));
        ASSERT_TRUE(service_.set("enabled", 0).ok());
        EXPECT_EQ(service_.active(), 0U);
        polite.stop();
        rude.stop();
        ASSERT_TRUE(service_.set("enabled", 1).ok());
    }
    expect_service();
}

TEST_F(InlineAccept, endsWithItsNamespaceAmongConnects) {
    for (int i = 0; i < sized(4, 2, 40); i++) {
        auto place = NetworkNamespace::create().value();
        std::optional<Churn> churn;
        ASSERT_NO_FATAL_FAILURE(start_inside(place, {.port = port_, .exec = "inline"}));
        place.run([&] {
            churn.emplace(at(), Churn::Close::politely); // its thread is inside
            ASSERT_TRUE(wait_for([&] { return churn->rounds() > 20; }, patience(seconds(10))));
        });
        churn->stop();
        place.drop();
        EXPECT_TRUE(goes());
    }
    expect_service();
}

TEST_F(InlineAccept, withoutMemoryInSoftirqs) {
    if (!can_inject())
        GTEST_SKIP() << "this kernel has no fault injection";
    Churn one(at(), Churn::Close::politely);
    Churn other(at(), Churn::Close::politely);
    ASSERT_TRUE(wait_for([&] { return one.rounds() > 20; }, patience(seconds(10))));
    {
        const Injection injection;
        Injection::only_below("listener_data_ready");
        for (const char *kind : {"failslab", "fail_page_alloc"})
            ASSERT_TRUE(
                write_file(std::string("/sys/kernel/debug/") + kind + "/task-filter", "N\n").ok());
        Injection::set_probability(50);
        const auto goal = one.rounds() + sized<std::uint64_t>(200, 60, 2000);
        EXPECT_TRUE(wait_for([&] { return one.rounds() > goal; }, patience(seconds(60))));
    }
    for (auto *churn : {&one, &other}) {
        churn->stop();
        EXPECT_EQ(churn->failures(), 0U) << churn->first_failure();
    }
    EXPECT_EQ(service_.stat("errors"), 0U);
}

} // namespace
} // namespace kinetd::suite
