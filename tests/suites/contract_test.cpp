// SPDX-License-Identifier: GPL-2.0
/// \file
/// What the interface promises to protocols of others, where none of the tree's own relies on it:
/// the protocols of contract/proto_contract.c do nothing else.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <future>
#include <thread>

#include "support/fault.hpp"
#include "support/fixture.hpp"
#include "support/health.hpp"
#include "support/inside.hpp"
#include "support/link.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

constexpr std::size_t block = 48 << 10; ///< as in proto_contract.c

class Contract : public CoreTest {
protected:
    void SetUp() override {
        CoreTest::SetUp();
        if (HasFatalFailure())
            return;
        const auto loaded = load();
        ASSERT_TRUE(loaded.ok()) << loaded.text();
    }

    /// Its services would all have the module's one port, so none is up.
    [[nodiscard]] Status load(const std::string &more = "") const {
        return insert_protocol(contract_name, parameters_for(port_) + " enabled=0 " + more);
    }

    /// The one service of a test.
    [[nodiscard]] Service start(const std::string &protocol) const {
        Service service(protocol);
        EXPECT_TRUE(service.set("enabled", 1).ok());
        return service;
    }

    [[nodiscard]] Descriptor client(const ConnectOptions &options = {}) const {
        return connect_to({"127.0.0.1", port_}, options).value();
    }

    std::uint16_t port_ = fresh_port();
};

class ContractBlocks : public Contract {
protected:
    void SetUp() override {
        Contract::SetUp();
        if (!HasFatalFailure())
            service_ = start("tcp_blocks");
    }

    /// Sends in pieces, each of which the handler has seen before the next one comes.
    void send_in_pieces(const Descriptor &socket, std::string_view bytes, std::size_t size) const {
        auto seen = service_.stat("bytes_received");
        for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
            const auto piece = bytes.substr(0, size);
            ASSERT_TRUE(send_all(socket, piece).ok());
            ASSERT_TRUE(service_.reaches("bytes_received", seen += piece.size()));
        }
    }

    static void expect_back(const Descriptor &socket, std::string_view bytes) {
        const auto answer = receive_exactly(socket, bytes.size());
        ASSERT_TRUE(answer.ok()) << answer.text();
        EXPECT_TRUE(*answer == bytes);
    }

    Service service_{""};
};

TEST_F(ContractBlocks, comeBackWhenTheyAreWhole) {
    const Pattern pattern(1);
    const auto socket = client();
    for (std::size_t i = 0; i < 4; i++) {
        const auto bytes = pattern.bytes(i * block, block);
        ASSERT_NO_FATAL_FAILURE(
            send_in_pieces(socket, std::string_view(bytes).substr(0, block - 1), 16 << 10));
        EXPECT_EQ(receive_some(socket, 1, Milliseconds(30)).code(), ETIMEDOUT);
        ASSERT_TRUE(send_all(socket, {&bytes.back(), 1}).ok());
        ASSERT_NO_FATAL_FAILURE(expect_back(socket, bytes));
    }
}

TEST_F(ContractBlocks, ofPiecesOfAllSizes) {
    const Pattern pattern(2);
    for (const std::size_t size : {700U, 1500U, 9000U, 40'000U, 47U << 10}) {
        const auto socket = client();
        const auto bytes = pattern.bytes(size, 2 * block);
        ASSERT_NO_FATAL_FAILURE(send_in_pieces(socket, bytes, size));
        ASSERT_NO_FATAL_FAILURE(expect_back(socket, bytes));
    }
}

TEST_F(ContractBlocks, andWhatIsLeftAtTheEnd) {
    const Pattern pattern(3);
    for (const std::size_t size :
         {1UL, 20'000UL, block - 1, block, block + 1, 3 * block + 40'000}) {
        const auto socket = client();
        const auto bytes = pattern.bytes(size, size);
        ASSERT_NO_FATAL_FAILURE(send_in_pieces(socket, bytes, 16 << 10));
        ASSERT_TRUE(half_close(socket).ok());
        const auto answer = receive_all(socket);
        ASSERT_TRUE(answer.ok()) << answer.text();
        EXPECT_TRUE(*answer == bytes) << size;
    }
    EXPECT_TRUE(service_.comes_to_rest());
    EXPECT_EQ(service_.stat("bytes_sent"), service_.stat("bytes_received"));
    EXPECT_EQ(service_.stat("errors"), 0U);
}

TEST_F(ContractBlocks, toASlowReader) {
    const auto socket = client({.receive_buffer = 4096});
    const auto bytes = Pattern(4).bytes(0, sized<std::size_t>(30, 8, 300) * block + 1000);
    std::thread sender([&] {
        for (std::string_view rest = bytes; !rest.empty();) {
            const auto piece = rest.substr(0, 10'000);
            if (!send_all(socket, piece, patience(seconds(30))))
                break;
            rest.remove_prefix(piece.size());
        }
        (void)half_close(socket);
    });
    std::string answer;
    for (;;) {
        const auto part = receive_some(socket, 1 + answer.size() % 30'000);
        EXPECT_TRUE(part.ok()) << part.text();
        if (!part || part->empty())
            break;
        answer += *part;
    }
    sender.join();
    EXPECT_TRUE(answer == bytes) << answer.size() << " of " << bytes.size();
}

TEST_F(ContractBlocks, withoutMemory) {
    if (!can_inject())
        GTEST_SKIP() << "this kernel has no fault injection";
    const auto bytes = Pattern(5).bytes(0, 3 * block);
    const Injection injection;
    for (const int percent : {10, 50}) {
        std::vector<Descriptor> sockets;
        for (int i = 0; i < 10; i++)
            sockets.push_back(client());
        Shortage shortage(worker_threads(), percent);
        for (const auto &socket : sockets)
            for (std::size_t at = 0; at < bytes.size(); at += 16 << 10)
                ASSERT_TRUE(
                    send_all(socket, std::string_view(bytes).substr(at, 16 << 10), seconds(30))
                        .ok());
        shortage.end();
        for (const auto &socket : sockets)
            ASSERT_NO_FATAL_FAILURE(expect_back(socket, bytes));
    }
    EXPECT_EQ(service_.stat("errors"), 0U);
}

class ContractOrders : public Contract {
protected:
    void SetUp() override {
        Contract::SetUp();
        if (!HasFatalFailure())
            service_ = start("tcp_orders");
    }

    /// What comes back for `orders` until the end.
    [[nodiscard]] Result<std::string> answer_to(std::string_view orders) const {
        const auto socket = client();
        EXPECT_TRUE(send_all(socket, orders).ok());
        return receive_all(socket);
    }

    Service service_{""};
};

TEST_F(ContractOrders, oneByteACall) {
    const auto socket = client();
    std::string orders;
    while (orders.size() < 20'000)
        orders += orders.size() % 3 == 0 ? 't' : 'a';
    const auto answers = std::ranges::count(orders, 'a');
    ASSERT_TRUE(send_all(socket, orders).ok());
    EXPECT_EQ(receive_exactly(socket, static_cast<std::size_t>(answers)).value(),
              std::string(static_cast<std::size_t>(answers), 'a'));
}

TEST_F(ContractOrders, toFinishWithAWord) {
    EXPECT_EQ(answer_to("f").value(), "f");
    EXPECT_EQ(answer_to("atafaaa").value(), "aaf");
    EXPECT_EQ(answer_to("af" + std::string(500'000, 'x')).value(), "af");
    EXPECT_TRUE(service_.comes_to_rest());
    EXPECT_EQ(service_.stat("errors"), 0U);
}

TEST_F(ContractOrders, toFinishAndTakeNothing) {
    EXPECT_EQ(answer_to("n").value(), "");
    EXPECT_EQ(answer_to("aan" + std::string(500'000, 'x')).value(), "aa");
    EXPECT_TRUE(service_.comes_to_rest());
    EXPECT_EQ(service_.stat("errors"), 0U);
}

TEST_F(ContractOrders, toFinishWhileThePeerGoesOn) {
    const auto socket = client();
    ASSERT_TRUE(send_all(socket, "f").ok());
    EXPECT_EQ(receive_all(socket).value(), "f");
    ASSERT_TRUE(send_all(socket, std::string(200'000, 'x')).ok());
    ASSERT_TRUE(half_close(socket).ok());
    EXPECT_TRUE(service_.comes_to_rest());
    EXPECT_EQ(service_.stat("errors"), 0U);
}

TEST_F(ContractOrders, toWait) {
    const auto socket = client();
    ASSERT_TRUE(send_all(socket, "aw").ok());
    EXPECT_EQ(receive_exactly(socket, 1).value(), "a");
    ASSERT_TRUE(send_all(socket, std::string(1000, 'a')).ok());
    EXPECT_EQ(receive_some(socket, 1, Milliseconds(50)).code(), ETIMEDOUT);
    ASSERT_TRUE(half_close(socket).ok());
    EXPECT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::finished);
    EXPECT_TRUE(service_.comes_to_rest());
    EXPECT_EQ(service_.stat("errors"), 0U);
}

TEST_F(ContractOrders, thatNeverEndHoldNobodyUp) {
    // One byte a call keeps a worker from ever sleeping; tracers, and with them CPU hotplug, wait
    // for grace periods of RCU-Tasks, and those for whoever is running.
    ASSERT_TRUE(Pool("default").set("threads", 1).ok());
    ASSERT_TRUE(Pool("default").set("cpus", "0").ok());
    auto socket = client();
    std::atomic<bool> enough = false;
    std::thread sender([&] {
        const std::string orders(256 << 10, 't');
        while (!enough)
            (void)send_all(socket, orders, Milliseconds(200));
    });
    const auto worker = worker_threads().front().pid;
    EXPECT_TRUE(
        wait_for([&] { return service_.stat("bytes_received") > 1 << 20; }, patience(seconds(20))));
    const auto slept = context_switches(worker);
    auto period = std::async(std::launch::async, [] {
        return write_file("/sys/module/proto_contract/parameters/grace_period", "1").code();
    });
    EXPECT_EQ(period.wait_for(patience(seconds(20))), std::future_status::ready);
    EXPECT_LE(context_switches(worker), slept + 1) << "the worker was not kept busy";
    enough = true;
    sender.join();
    suite::reset(socket);
    EXPECT_EQ(period.get(), 0);
}

TEST_F(ContractOrders, toFail) {
    for (std::uint64_t i = 1; i <= 20; i++) {
        const auto socket = client();
        ASSERT_TRUE(send_all(socket, i % 2 == 0 ? "x" : "aaaxaaa").ok());
        EXPECT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::reset);
        EXPECT_TRUE(service_.reaches("errors", i));
    }
    EXPECT_TRUE(service_.comes_to_rest());
}

TEST_F(Contract, aGreetingThenWhatTheHandlerSays) {
    const auto service = start("tcp_greeter");
    const auto socket = client();
    EXPECT_EQ(receive_exactly(socket, 6).value(), "hello\n");
    for (const char *message : {"a", "longer", "longest of all"})
        EXPECT_TRUE(round_trip(socket, message).ok());
    const auto eager = client();
    ASSERT_TRUE(send_all(eager, "before it greets?").ok());
    ASSERT_TRUE(half_close(eager).ok());
    EXPECT_EQ(receive_all(eager).value(), "hello\nbefore it greets?");
    const auto silent = client();
    ASSERT_TRUE(half_close(silent).ok());
    EXPECT_EQ(receive_all(silent).value(), "hello\n");
}

TEST_F(Contract, anEndBeforeTheFirstByte) {
    const auto service = start("tcp_curt");
    for (int i = 0; i < sized(100, 20, 1000); i++) {
        const auto socket = client();
        if (i % 2 == 0) {
            (void)send_all(socket, "who is there?");
        }
        ASSERT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::finished) << i;
    }
    EXPECT_TRUE(service.comes_to_rest());
    EXPECT_EQ(service.stat("errors"), 0U);
}

TEST_F(Contract, anEndBeforeTheHandshakeIsThrough) {
    if (!has_netem())
        GTEST_SKIP() << "this kernel has no netem";
    auto place = NetworkNamespace::create().value();
    place.run([] {
        ASSERT_TRUE(write_file("/proc/sys/net/ipv4/tcp_fastopen", "1543").ok());
        // The client's acknowledgment of the handshake comes long after its data.
        ASSERT_TRUE(run_command("tc qdisc add dev lo root netem delay 30ms").ok());
    });
    ASSERT_NO_FATAL_FAILURE(
        start_inside(place, {.port = port_, .name = "curt", .protocol = "tcp_curt"}));
    const Service service("curt");
    place.run([&] {
        const Endpoint peer("127.0.0.1", port_);
        for (int i = 0; i < sized(20, 10, 200); i++) {
            const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            ASSERT_EQ(::sendto(socket.get(), "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, peer.data(),
                               peer.size()),
                      1);
            ASSERT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::finished) << i;
        }
    });
    EXPECT_TRUE(service.comes_to_rest());
    EXPECT_EQ(service.stat("errors"), 0U);
}

TEST_F(Contract, whoHasNothingToSayIsNotAskedForEver) {
    const auto service = start("tcp_idler");
    std::vector<Descriptor> sockets(20);
    for (auto &socket : sockets) {
        socket = client();
        ASSERT_TRUE(round_trip(socket, "there?").ok());
    }
    const auto busy = [] {
        std::uint64_t ticks = 0;
        for (const auto &worker : worker_threads())
            ticks += cpu_ticks(worker.pid);
        return ticks;
    };
    const auto before = busy();
    EXPECT_EQ(receive_some(sockets.front(), 1, Milliseconds(500)).code(), ETIMEDOUT);
    EXPECT_LT(busy() - before, 25U);
    for (const auto &socket : sockets) {
        ASSERT_TRUE(half_close(socket).ok());
        EXPECT_EQ(wait_for_end(socket, patience(seconds(10))), Ending::finished);
    }
    EXPECT_TRUE(service.comes_to_rest());
    EXPECT_EQ(service.stat("errors"), 0U);
}

TEST_F(Contract, aHandlerThatFailsAtOnce) {
    const auto service = start("tcp_broken");
    for (std::uint64_t i = 1; i <= 20; i++) {
        const auto socket = start_connect({"127.0.0.1", port_});
        ASSERT_TRUE(socket.ok()) << socket.text();
        EXPECT_EQ(wait_for_end(*socket, patience(seconds(10))), Ending::reset);
        EXPECT_TRUE(service.reaches("errors", i));
    }
    EXPECT_TRUE(service.comes_to_rest());
}

TEST_F(Contract, aStateThatCannotBegin) {
    const std::string refusal = "/sys/module/proto_contract/parameters/refusal";
    ASSERT_TRUE(write_file(refusal, std::to_string(ENOSPC)).ok());
    EXPECT_EQ(new_service("another", "tcp_refuser").code(), ENOSPC);
    EXPECT_FALSE(Service("another").present());
    ASSERT_TRUE(write_file(refusal, "0").ok());
    EXPECT_TRUE(new_service("another", "tcp_refuser").ok());
    ASSERT_TRUE(remove_protocol(contract_name).status.ok());

    EXPECT_EQ(load("refusal=" + std::to_string(ENOSPC)).code(), ENOSPC);
    EXPECT_FALSE(is_loaded(contract_name));
    for (const char *protocol : module_named(contract_name).protocols) {
        EXPECT_FALSE(Service(protocol).present());
        EXPECT_FALSE(Folder(sysfs_root + "/protocols/" + protocol).present());
    }
    EXPECT_TRUE(load().ok());
}

TEST_F(Contract, isUnloadedInTheMiddleOfEverything) {
    const std::string half = Pattern(6).bytes(0, block - 1);
    for (int i = 0; i < sized(10, 3, 100); i++) {
        const std::string protocol = module_named(contract_name).protocols[i % 5U];
        const auto service = start(protocol);
        std::vector<Descriptor> sockets(8);
        for (auto &socket : sockets) {
            socket = client();
            (void)send_all(socket, protocol == "tcp_orders" ? "aaaw" : half);
        }
        const auto removal = remove_protocol(contract_name);
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        for (const auto &socket : sockets)
            EXPECT_NE(wait_for_end(socket, patience(seconds(10))), Ending::open);
        ASSERT_TRUE(load().ok());
    }
}

} // namespace
} // namespace kinetd::suite
