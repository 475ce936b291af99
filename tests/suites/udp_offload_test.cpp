// SPDX-License-Identifier: GPL-2.0
/// \file
/// Datagrams that travel the kernel in company, in borrowed pages, or watched: each comes back
/// right, and by itself.
#include <fcntl.h>
#include <sys/mman.h>

#include <set>

#include "support/datagram_fixture.hpp"
#include "support/forge.hpp"
#include "support/link.hpp"
#include "support/pattern.hpp"
#include "support/tap.hpp"

namespace kinetd::suite {
namespace {

class UdpOffload : public UdpEchoTest {
protected:
    static constexpr int roomy = 8 << 20;

    /// The datagrams that `bytes` comes back in, one after the other.
    static std::string taken_back(const Descriptor &socket, std::size_t size, std::size_t segment) {
        std::string back;
        while (back.size() < size) {
            const auto answer = receive_datagram(socket);
            if (!answer)
                return back + "... then " + answer.text();
            const auto expected = std::min(segment, size - back.size());
            if (answer->segment == 0 && answer->bytes.size() != expected)
                return back + "... then a datagram of " + std::to_string(answer->bytes.size());
            if (answer->segment != 0 && answer->segment != segment)
                return back + "... then a train of " + std::to_string(answer->segment);
            back += answer->bytes;
        }
        return back;
    }

    static void expect_trains(const Endpoint &where, const DatagramOptions &options) {
        const auto socket = datagram_to(where, options).value();
        for (const std::size_t segment : {1000, 1400, 100, 1})
            for (const std::size_t count : {2, 3, 16, 40}) {
                // The last one may be shorter, and is one of its own then too.
                const auto size = segment * count - (segment > 1 ? segment / 2 : 0);
                const auto bytes = Pattern(count).bytes(segment, size);
                const auto sent = send_train(socket, bytes, segment);
                ASSERT_TRUE(sent.ok()) << segment << " x " << count << ": " << sent.text();
                const auto back = taken_back(socket, size, segment);
                ASSERT_TRUE(back == bytes)
                    << segment << " x " << count << ", " << where.text() << ": " << back.size()
                    << " of " << size << " bytes: " << back.substr(back.size() - 40);
            }
    }
};

TEST_F(UdpOffload, trainsComeBackAsDatagrams) {
    expect_trains(at(), {.receive_buffer = roomy});
    const auto now = counts();
    EXPECT_EQ(now.received, 4U * (2 + 3 + 16 + 40)) << "each counts by itself";
    EXPECT_EQ(now.sent, now.received);
    EXPECT_EQ(now.bytes_sent, now.bytes_received);
}

TEST_F(UdpOffload, trainsForAReceiverOfTrains) {
    expect_trains(at(), {.receive_buffer = roomy, .trains = true});
}

TEST_F(UdpOffload, trainsOverIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_set("address", "::");
    expect_trains(at("::1"), {.receive_buffer = roomy});
    expect_trains(at("::1"), {.receive_buffer = roomy, .trains = true});
    expect_trains(at("127.0.0.1"), {.receive_buffer = roomy, .trains = true});
}

TEST_F(UdpOffload, trainsOverALink) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    const auto link = Link::create().value();
    expect_set("address", "0.0.0.0");
    link.far().run([this] {
        expect_trains(at(Link::near_v4), {.receive_buffer = roomy});
        expect_trains(at(Link::near_v4), {.receive_buffer = roomy, .trains = true});
    });
}

TEST_F(UdpOffload, trainsAmongOthers) {
    DatagramTraffic traffic(at(), 10);
    expect_trains(at(), {.receive_buffer = roomy});
    EXPECT_TRUE(traffic.flows());
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(UdpOffload, trainsOfEmptyEndings) {
    // The shortest train that is one, and one of equal parts.
    const auto socket = client({.receive_buffer = roomy});
    ASSERT_TRUE(send_train(socket, std::string(1001, 'a'), 1000).ok());
    EXPECT_EQ(receive_datagram(socket)->bytes, std::string(1000, 'a'));
    EXPECT_EQ(receive_datagram(socket)->bytes, "a");
    ASSERT_TRUE(send_train(socket, std::string(2000, 'b'), 1000).ok());
    EXPECT_EQ(receive_datagram(socket)->bytes, std::string(1000, 'b'));
    EXPECT_EQ(receive_datagram(socket)->bytes, std::string(1000, 'b'));
    EXPECT_EQ(counts(), (DatagramCounts{4, 4, 0, 0, 3001, 3001}));
}

TEST_F(UdpOffload, pagesOfAProcess) {
    const auto socket = client({.receive_buffer = roomy});
    ASSERT_TRUE(set_option(socket, SOL_SOCKET, SO_ZEROCOPY, 1).ok());
    for (const std::size_t size : {1UL, 1000UL, 9000UL, 60'000UL}) {
        const auto bytes = Pattern(size).bytes(0, size);
        ASSERT_EQ(::send(socket.get(), bytes.data(), size, MSG_ZEROCOPY),
                  static_cast<ssize_t>(size));
        // The completions wait in the error queue, and are no errors.
        const auto answer = receive_datagram(socket);
        ASSERT_TRUE(answer.ok()) << answer.text();
        EXPECT_TRUE(answer->bytes == bytes) << size;
    }
}

TEST_F(UdpOffload, pagesOfAFile) {
    const Descriptor file(::memfd_create("payload", MFD_CLOEXEC));
    const auto bytes = Pattern(8).bytes(0, 200'000);
    ASSERT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Descriptor out(ends[0]);
    const Descriptor in(ends[1]);
    const auto socket = client({.receive_buffer = roomy});
    off_t offset = 0;
    for (const std::size_t size : {1000UL, 4096UL, 10'000UL, 40'000UL}) {
        const auto start = static_cast<std::size_t>(offset);
        ASSERT_EQ(::splice(file.get(), &offset, in.get(), nullptr, size, 0),
                  static_cast<ssize_t>(size));
        ASSERT_EQ(::splice(out.get(), nullptr, socket.get(), nullptr, size, 0),
                  static_cast<ssize_t>(size));
        // A splice may go out as several datagrams; what counts is that all of it comes back.
        std::string back;
        while (back.size() < size) {
            const auto answer = receive_datagram(socket);
            ASSERT_TRUE(answer.ok()) << answer.text();
            back += answer->bytes;
        }
        EXPECT_TRUE(back == bytes.substr(start, size)) << size;
    }
    // The file must not have been written to by anybody's turning round of addresses.
    std::string after(bytes.size(), '\0');
    ASSERT_EQ(::pread(file.get(), after.data(), after.size(), 0),
              static_cast<ssize_t>(after.size()));
    EXPECT_TRUE(after == bytes);
}

TEST_F(UdpOffload, whileASnifferLooks) {
    const Tap tap;
    const auto socket = client({.receive_buffer = roomy});
    const auto from = local_port(socket);
    std::vector<std::string> requests;
    for (std::size_t i = 0; i < 200; i++) {
        requests.push_back(Pattern(i).bytes(i, 1 + i * 37 % 4000));
        const auto answer = ask(socket, requests.back());
        ASSERT_TRUE(answer.ok()) << answer.text();
    }
    // What it saw has not been turned round under its eyes. It may see a packet after IP has, so
    // that another processor's overtakes it: what counts is that each is there, once.
    std::multiset<std::string> asked(requests.begin(), requests.end());
    std::multiset<std::string> answered = asked;
    for (const auto &packet : tap.take()) {
        const bool request = packet.source_port == from && packet.destination_port == port_;
        const bool answer = packet.source_port == port_ && packet.destination_port == from;
        if (!request && !answer)
            continue;
        auto &missing = request ? asked : answered;
        const auto found = missing.find(packet.payload);
        ASSERT_NE(found, missing.end()) << (request ? "a request" : "an answer") << " of "
                                        << packet.payload.size() << " bytes that nobody sent";
        missing.erase(found);
    }
    EXPECT_TRUE(asked.empty());
    EXPECT_TRUE(answered.empty());
}

TEST_F(UdpOffload, manySniffersAndTrains) {
    const Tap one;
    const Tap two;
    expect_trains(at(), {.receive_buffer = roomy});
    expect_trains(at(), {.receive_buffer = roomy, .trains = true});
    EXPECT_FALSE(one.take().empty());
}

class UdpWire : public UdpEchoTest {
protected:
    /// Where forged datagrams come from, and answers to them go to.
    const Descriptor victim_ = datagram_socket(AF_INET, {.source = at()}).value();

    [[nodiscard]] Forgery forged(const std::string &payload) const {
        return {.source = local_endpoint(victim_), .destination = service_at_, .payload = payload};
    }
    [[nodiscard]] static Endpoint at() { return {"127.0.0.8", 0}; }

    Endpoint service_at_{"127.0.0.1", port_};
};

TEST_F(UdpWire, aGoodForgeryIsAnswered) {
    ASSERT_TRUE(forge(forged("as good as any")).ok());
    const auto answer = receive_datagram(victim_);
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_EQ(answer->bytes, "as good as any");
    EXPECT_EQ(answer->from, service_at_);
}

TEST_F(UdpWire, aWrongChecksumIsNot) {
    for (const std::size_t size : {0, 1, 100, 1000}) {
        auto forgery = forged(std::string(size, 'w'));
        forgery.checksum = Forgery::Checksum::wrong;
        ASSERT_TRUE(forge(forgery).ok());
    }
    ASSERT_TRUE(forge(forged("right")).ok());
    EXPECT_EQ(receive_datagram(victim_)->bytes, "right");
    EXPECT_TRUE(is_silent(victim_));
    EXPECT_EQ(service_.stat("datagrams_sent"), 1U);
    EXPECT_EQ(service_.stat("bytes_sent"), 5U);
}

TEST_F(UdpWire, noChecksumIsNoneToBeWrong) {
    auto forgery = forged("nothing to check");
    forgery.checksum = Forgery::Checksum::none;
    ASSERT_TRUE(forge(forgery).ok());
    const auto answer = receive_datagram(victim_);
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_EQ(answer->bytes, "nothing to check");
}

TEST_F(UdpWire, noChecksumIsWrongOverIPv6) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    expect_set("address", "::1");
    const auto victim = datagram_socket(AF_INET6, {.source = Endpoint("::1", 0)}).value();
    Forgery forgery{.source = local_endpoint(victim), .destination = Endpoint("::1", port_)};
    for (const auto checksum : {Forgery::Checksum::none, Forgery::Checksum::wrong}) {
        forgery.checksum = checksum;
        ASSERT_TRUE(forge(forgery).ok());
    }
    forgery.checksum = Forgery::Checksum::right;
    forgery.payload = "right";
    ASSERT_TRUE(forge(forgery).ok());
    EXPECT_EQ(receive_datagram(victim)->bytes, "right");
    EXPECT_TRUE(is_silent(victim));
}

TEST_F(UdpWire, optionsOfIPv4) {
    // Record route, router alert, and a timestamp: whatever comes along is not echoed as payload.
    for (const std::string &options :
         {std::string("\x07\x0b\x04\0\0\0\0\0\0\0\0\0", 12), std::string("\x94\x04\0\0", 4),
          std::string("\x44\x0c\x05\0\0\0\0\0\0\0\0\0", 12), std::string("\x01\x01\x01\0", 4)}) {
        auto forgery = forged("with " + std::to_string(options.size()) + " bytes of options");
        forgery.options = options;
        ASSERT_TRUE(forge(forgery).ok());
        const auto answer = receive_datagram(victim_);
        ASSERT_TRUE(answer.ok()) << answer.text();
        EXPECT_EQ(answer->bytes, forgery.payload);
    }
}

TEST_F(UdpWire, aSourceRouteIsNotFollowed) {
    // Loose source routing over another address: dropped by the kernel or answered straight.
    auto forgery = forged("round about");
    forgery.options = std::string("\x83\x07\x04\x7f\x00\x00\x05\x00", 8);
    (void)forge(forgery);
    ASSERT_TRUE(forge(forged("straight")).ok());
    for (std::string last; last != "straight";) {
        const auto answer = receive_datagram(victim_);
        ASSERT_TRUE(answer.ok()) << answer.text();
        last = answer->bytes;
    }
}

} // namespace
} // namespace kinetd::suite
