// SPDX-License-Identifier: GPL-2.0
/// \file
/// exec=inline: what the softirq serves, what it leaves to the workers, and changing one's mind.
#include <poll.h>

#include <algorithm>
#include <functional>
#include <initializer_list>

#include "support/chargen.hpp"
#include "support/datagram_fixture.hpp"
#include "support/exec.hpp"
#include "support/fault.hpp"
#include "support/flood.hpp"
#include "support/hammer.hpp"
#include "support/health.hpp"
#include "support/inside.hpp"
#include "support/kind.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

/// Writes the other choice and back, over and over.
Hammer::Blow changing(const Service &service) {
    return [service](int blow) { return service.set("exec", blow % 2 == 0 ? "thread" : "inline"); };
}

/// Sends trains until they are the worker's, then single datagrams until these are the softirq's
/// again, and so on. Waits for an answer, if there is one, before it goes on.
Hammer::Blow sending_trains(const Descriptor &socket) {
    return [&socket, train = std::string(2000, 't')](int blow) -> Status {
        (void)send_train(socket, blow % 80 < 6 ? train : train.substr(0, 100), 100);
        pollfd waiting{.fd = socket.get(), .events = POLLIN, .revents = 0};
        (void)::poll(&waiting, 1, 5);
        (void)take_datagrams(socket);
        return Done{};
    };
}

class Inline : public EchoTest {
protected:
    void SetUp() override {
        EchoTest::SetUp();
        if (!HasFatalFailure())
            go_inline();
    }
    void go_inline() const {
        const auto written = service_.set("exec", "inline");
        ASSERT_TRUE(written.ok()) << written.text();
        ASSERT_EQ(service_.get("exec"), "thread [inline]");
    }

    const std::size_t crowd_ = sized<std::size_t>(20, 6, 50);
};

TEST_F(Inline, wakesNobodyForAnAnswer) {
    auto socket = client();
    ASSERT_TRUE(round_trip(socket, "attached by its worker").ok());
    EXPECT_TRUE(softirq_answers([&] { return round_trip(socket, "answered by the softirq"); }));
    EXPECT_EQ(service_.stat("bytes_received"), service_.stat("bytes_sent"));
}

TEST_F(Inline, isAConnectionsOwnFromItsStart) {
    auto inline_one = client();
    ASSERT_TRUE(round_trip(inline_one, "first").ok());
    ASSERT_TRUE(service_.set("exec", "thread").ok());
    auto threaded = client();
    ASSERT_TRUE(round_trip(threaded, "first").ok());
    EXPECT_TRUE(
        softirq_answers([&] { return round_trip(inline_one, "still answered by the softirq"); }));
    EXPECT_TRUE(worker_answers([&] { return round_trip(threaded, "answered by a worker"); }));
}

TEST_F(Inline, aByteAtATime) {
    const auto count = sized<std::uint64_t>(3000, 150, 30'000);
    auto socket = client();
    const Pattern pattern(3);
    for (std::uint64_t i = 0; i < count; i++)
        ASSERT_TRUE(round_trip(socket, pattern.bytes(i, 1)).ok()) << i;
    for (std::uint64_t i = 0; i < count; i++)
        ASSERT_TRUE(send_all(socket, pattern.bytes(i, 1)).ok()) << i;
    const auto answer = receive_exactly(socket, count);
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_TRUE(*answer == pattern.bytes(0, count));
}

TEST_F(Inline, mebibytesAndAHalfClose) {
    const auto mebibytes = sized<std::uint64_t>(16, 2, 256);
    Crowd crowd;
    ASSERT_TRUE(
        crowd.add(at(), 2, Plan{.bytes = mebibytes << 20, .window = 4 << 20, .hashed = true}).ok());
    EXPECT_TRUE(crowd.run(patience(seconds(120))));
    EXPECT_EQ(crowd.count(State::complete), 2U) << crowd.first_not(State::complete);
    EXPECT_TRUE(crowd.hashes_agree());
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

TEST_F(Inline, aReaderWhoStopsAndGoesOn) {
    // Both windows close, and what was said while they were closed comes when they open.
    auto socket = client({.receive_buffer = 8192, .send_buffer = 1 << 20});
    const Pattern pattern(12);
    for (int round = 0; round < sized(3, 2, 30); round++) {
        std::uint64_t sent = 0;
        while (sent < (16U << 20)) {
            const auto piece = pattern.view(sent, 65536);
            const ssize_t n = ::send(socket.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
            if (n <= 0)
                break;
            sent += static_cast<std::uint64_t>(n);
        }
        ASSERT_GT(sent, 100'000U);
        std::uint64_t received = 0;
        while (received < sent) {
            const auto part = receive_some(socket, 1 + received % 3000);
            ASSERT_TRUE(part.ok()) << part.text() << " after " << received << " of " << sent;
            ASSERT_TRUE(pattern.matches(received, *part)) << "wrong after " << received;
            received += part->size();
        }
    }
    ASSERT_TRUE(half_close(socket).ok());
    const auto rest = receive_all(socket);
    ASSERT_TRUE(rest.ok()) << rest.text();
    EXPECT_TRUE(rest->empty());
}

TEST_F(Inline, changedUnderTraffic) {
    Churn churn(at(), Churn::Close::politely);
    Traffic traffic(at(), crowd_);
    ASSERT_TRUE(traffic.flows());
    Hammer hammer({changing(service_)});
    for (int i = 0; i < sized(10, 2, 200); i++)
        ASSERT_TRUE(traffic.flows(1 << 16));
    hammer.stop();
    EXPECT_EQ(hammer.surprises({}), "");
    churn.stop();
    EXPECT_EQ(churn.failures(), 0U) << churn.first_failure();
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(Inline, whileWorkersComeAndGo) {
    Traffic traffic(at(), crowd_);
    ASSERT_TRUE(traffic.flows());
    for (int i = 0; i < sized(10, 3, 100); i++) {
        ASSERT_TRUE(pool_.set("threads", 1 + i % 4).ok());
        ASSERT_TRUE(traffic.flows(1 << 16));
    }
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(Inline, disabledUnderTraffic) {
    for (int i = 0; i < sized(5, 2, 50); i++) {
        Traffic traffic(at(), crowd_);
        ASSERT_TRUE(traffic.flows(1 << 16));
        ASSERT_TRUE(service_.set("enabled", 0).ok());
        EXPECT_EQ(service_.active(), 0U);
        EXPECT_EQ(traffic.end(), "");
        ASSERT_TRUE(service_.set("enabled", 1).ok());
    }
    expect_service();
}

TEST_F(Inline, unloadedUnderTraffic) {
    for (int i = 0; i < sized(5, 2, 50); i++) {
        Traffic traffic(at(), crowd_);
        ASSERT_TRUE(traffic.flows(1 << 16));
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        EXPECT_EQ(traffic.end(), "");
        load();
        go_inline();
    }
    expect_service();
}

TEST_F(Inline, endsWithItsNamespace) {
    auto netns = NetworkNamespace::create().value();
    ASSERT_NO_FATAL_FAILURE(start_inside(netns, {.port = port_, .exec = "inline"}));
    netns.run([&] {
        auto socket = connect_to(at());
        ASSERT_TRUE(socket.ok()) << socket.text();
        EXPECT_TRUE(round_trip(*socket, "inside").ok());
    });
    netns.drop();
    EXPECT_TRUE(goes());
    expect_service();
}

TEST_F(Inline, withoutMemoryInSoftirqs) {
    // Every second allocation of the softirq fails; the worker, who may wait, has better luck.
    if (!can_inject())
        GTEST_SKIP() << "this kernel has no fault injection";
    Traffic traffic(at(), 8, {.segment = 4096});
    ASSERT_TRUE(traffic.flows(1 << 16));
    {
        const Injection injection;
        Injection::only_below("connection_data_ready");
        for (const char *kind : {"failslab", "fail_page_alloc"})
            ASSERT_TRUE(
                write_file(std::string("/sys/kernel/debug/") + kind + "/task-filter", "N\n").ok());
        Injection::set_probability(50);
        EXPECT_TRUE(traffic.flows(1 << 20));
    }
    EXPECT_EQ(traffic.finish(), "");
    EXPECT_EQ(service_.stat("errors"), 0U);
}

class InlineProtocol : public ProtocolTest {
protected:
    InlineProtocol() : ProtocolTest(chargen_name, "tcp_chargen") {}
};

TEST_F(InlineProtocol, thatSendsOfItself) {
    ASSERT_TRUE(service_.set("exec", "inline").ok());
    Flood flood(at(), 4, {.expects = is_chargen});
    EXPECT_TRUE(flood.flows(4 << 20));
    EXPECT_EQ(flood.stop(), "");
}

class InlineLines : public ProtocolTest {
protected:
    InlineLines() : ProtocolTest(reverse_name, "tcp_reverse") {}
};

TEST_F(InlineLines, moreThanTheirShareAreTheWorkers) {
    ASSERT_TRUE(service_.set("exec", "inline").ok());
    const auto socket = connect_to(at()).value();
    // Lines without a letter: each is an answer of its own, so that the softirq is busy for many
    // times what the client is.
    const std::string lines(16, '\n');
    Milliseconds took{0};
    const auto exchange = [&] {
        const Stopwatch watch;
        auto answer = round_trip(socket, lines);
        took = watch.elapsed();
        return answer;
    };
    ASSERT_TRUE(exchange().ok());
    const auto now_and_then = [&] {
        // A fifth of the time at most: well below its half.
        std::this_thread::sleep_for(Milliseconds(10) + 4 * took);
        return exchange();
    };
    EXPECT_TRUE(softirq_answers(now_and_then, 40)) << "within its share";
    const auto before = worker_sleeps();
    EXPECT_TRUE(wait_for(
        [&] {
            for (int i = 0; i < 20; i++)
                EXPECT_TRUE(exchange().ok());
            return HasFailure() || worker_sleeps() - before > 10;
        },
        patience(seconds(30))));
}

class InlineDatagram : public UdpEchoTest {
protected:
    explicit InlineDatagram(std::string address = "127.0.0.1") : UdpEchoTest(std::move(address)) {}

    void SetUp() override {
        UdpEchoTest::SetUp();
        if (HasFatalFailure())
            return;
        const auto written = service_.set("exec", "inline");
        ASSERT_TRUE(written.ok()) << written.text();
        ASSERT_EQ(service_.get("exec"), "thread [inline]");
    }
};

TEST_F(InlineDatagram, wakesNobodyForAnAnswer) {
    const auto socket = client();
    std::uint64_t asked = 0;
    EXPECT_TRUE(softirq_answers([&] {
        asked++;
        return ask(socket, "answered by the softirq");
    }));
    const auto counts = this->counts();
    EXPECT_EQ(counts.received, asked);
    EXPECT_EQ(counts.sent, asked);
    EXPECT_EQ(counts.bytes_received, counts.bytes_sent);
}

TEST_F(InlineDatagram, takesEffectAtOnce) {
    const auto socket = client();
    ASSERT_TRUE(service_.set("exec", "thread").ok());
    EXPECT_TRUE(worker_answers([&] { return ask(socket, "answered by a worker"); }));
    ASSERT_TRUE(service_.set("exec", "inline").ok());
    EXPECT_TRUE(softirq_answers([&] { return ask(socket, "answered by the softirq"); }));
}

TEST_F(InlineDatagram, aTrainNowAndThenIsTakenApart) {
    const auto socket = client();
    const std::string train(20 * 500, 't');
    ASSERT_TRUE(send_train(socket, train, 500).ok());
    for (int i = 0; i < 20; i++) {
        const auto answer = receive_datagram(socket);
        ASSERT_TRUE(answer.ok()) << i << ": " << answer.text();
        EXPECT_EQ(answer->bytes.size(), 500U);
    }
    EXPECT_EQ(counts().received, 20U);
    EXPECT_EQ(counts().sent, 20U);
}

TEST_F(InlineDatagram, trainAfterTrainStaysWhole) {
    const auto socket = client({.trains = true});
    const std::string train(20 * 500, 't');
    std::size_t largest = 0;
    const auto exchange = [&] {
        ASSERT_TRUE(send_train(socket, train, 500).ok());
        for (std::size_t taken = 0; taken < train.size();) {
            const auto answer = receive_datagram(socket);
            ASSERT_TRUE(answer.ok()) << taken << ": " << answer.text();
            largest = std::max(largest, answer->bytes.size());
            taken += answer->bytes.size();
        }
    };
    ASSERT_NO_FATAL_FAILURE(exchange());
    EXPECT_EQ(largest, 500U);
    for (int i = 0; i < 10; i++)
        ASSERT_NO_FATAL_FAILURE(exchange());
    EXPECT_EQ(largest, train.size());
    // Those that come alone are the softirq's again, after some of them.
    std::uint64_t alone = 0;
    EXPECT_TRUE(softirq_answers([&] {
        alone++;
        return ask(socket, "alone");
    }));
    EXPECT_EQ(counts().received, 11U * 20U + alone);
    EXPECT_EQ(counts().sent, 11U * 20U + alone);
}

TEST_F(InlineDatagram, ofEverySize) {
    const auto socket = client();
    for (const std::size_t size :
         std::initializer_list<std::size_t>{0, 1, 8, 1400, 1473, 16000, largest_v4}) {
        const auto answer = ask(socket, std::string(size, 's'));
        EXPECT_TRUE(answer.ok()) << size << ": " << answer.text();
    }
}

TEST_F(InlineDatagram, changedUnderTraffic) {
    DatagramTraffic traffic(at(), 10);
    ASSERT_TRUE(traffic.flows());
    const auto socket = client();
    Hammer hammer({changing(service_), sending_trains(socket)});
    for (int i = 0; i < sized(10, 3, 200); i++)
        ASSERT_TRUE(traffic.flows(100));
    hammer.stop();
    EXPECT_EQ(hammer.surprises({}), "");
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(InlineDatagram, movedUnderTraffic) {
    DatagramTraffic traffic(at(), 10);
    ASSERT_TRUE(traffic.flows());
    const auto socket = client();
    const Hammer trains({sending_trains(socket)});
    for (int i = 0; i < sized(6, 2, 60); i++) {
        ASSERT_TRUE(service_.set("address", i % 2 == 0 ? "0.0.0.0" : "127.0.0.1").ok());
        ASSERT_TRUE(pool_.set("threads", 1 + i % 3).ok());
        ASSERT_TRUE(traffic.flows(100));
    }
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(InlineDatagram, unloadedUnderTraffic) {
    const auto socket = client();
    const Hammer trains({sending_trains(socket)});
    for (int i = 0; i < sized(5, 2, 50); i++) {
        DatagramTraffic traffic(at(), 10);
        ASSERT_TRUE(traffic.flows(100));
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        EXPECT_EQ(traffic.end(), "");
        load();
        ASSERT_TRUE(service_.set("exec", "inline").ok());
    }
    expect_service();
}

TEST_F(InlineDatagram, endsWithItsNamespaceAmongTrains) {
    for (int i = 0; i < sized(5, 2, 50); i++) {
        auto place = NetworkNamespace::create().value();
        Descriptor socket;
        ASSERT_NO_FATAL_FAILURE(
            start_inside(place, {.port = port_, .protocol = "udp_echo", .exec = "inline"}));
        place.run([&] { socket = client(); });
        Hammer trains({sending_trains(socket)});
        EXPECT_TRUE(
            wait_for([] { return Service("inside").stat("datagrams_sent") > 300; }, seconds(20)));
        // The last reference is the socket's, whose answers are on their way.
        place.drop();
        trains.stop();
        socket = Descriptor();
        ASSERT_TRUE(goes());
    }
    expect_service();
}

TEST_F(InlineDatagram, aCpuWithoutRoutesLeavesItToTheWorker) {
    if (!can_inject())
        GTEST_SKIP() << "this kernel has no fault injection";
    const auto socket = client();
    {
        const Injection injection;
        Injection::only_below("kinetd_udp_inline_add_routes");
        for (const char *kind : {"failslab", "fail_page_alloc"})
            ASSERT_TRUE(
                write_file(std::string("/sys/kernel/debug/") + kind + "/task-filter", "N\n").ok());
        Injection::set_probability(100);
        EXPECT_TRUE(worker_answers([&] { return ask(socket, "answered by a worker"); }));
    }
    for (int i = 0; i < 10; i++)
        ASSERT_TRUE(ask(socket, "which gets its routes").ok());
    EXPECT_TRUE(softirq_answers([&] { return ask(socket, "answered by the softirq"); }, 50));
}

class InlineDaytime : public DatagramTest {
protected:
    InlineDaytime() : DatagramTest(daytime_name, "udp_daytime") {}
};

TEST_F(InlineDaytime, moreThanItsShareIsTheWorkers) {
    // A protocol that takes no trains: one costs its sender as much as one datagram, and the
    // softirq as much as sixty.
    ASSERT_TRUE(service_.set("exec", "inline").ok());
    const auto socket = client();
    const std::string train(60 * 16, 't');
    const auto before = worker_sleeps();
    EXPECT_TRUE(wait_for(
        [&] {
            for (int i = 0; i < 50; i++)
                (void)send_train(socket, train, 16);
            return worker_sleeps() - before > 20;
        },
        patience(seconds(30))));
    (void)take_datagrams(socket);
    EXPECT_TRUE(wait_for(
        [this] {
            const auto now = counts();
            return now.received == now.sent + now.dropped + now.errors;
        },
        patience(seconds(10))));
}

class InlineDatagramV6 : public InlineDatagram {
protected:
    InlineDatagramV6() : InlineDatagram("::") {}
};

TEST_F(InlineDatagramV6, servesBothFamilies) {
    for (const char *address : {"127.0.0.1", "::1"}) {
        const auto socket = datagram_to(at(address)).value();
        ASSERT_TRUE(ask(socket, "first").ok()) << address;
        EXPECT_TRUE(softirq_answers([&] { return ask(socket, "answered by the softirq"); }))
            << address;
    }
}

} // namespace
} // namespace kinetd::suite
