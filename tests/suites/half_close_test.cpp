// SPDX-License-Identifier: GPL-2.0
/// \file
/// A client that has said all it has to say still gets all of it back, and then the end.
#include "support/fixture.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

using HalfClose = EchoTest;

TEST_F(HalfClose, atOnce) {
    auto socket = client();
    ASSERT_TRUE(half_close(socket).ok());
    const auto rest = receive_all(socket);
    ASSERT_TRUE(rest.ok()) << rest.text();
    EXPECT_TRUE(rest->empty());
}

TEST_F(HalfClose, tenMebibytes) {
    Crowd crowd;
    ASSERT_TRUE(
        crowd.add(at(), 1, Plan{.bytes = 10 << 20, .window = 8 << 20, .hashed = true}).ok());
    EXPECT_TRUE(crowd.run(patience(seconds(60))));
    EXPECT_EQ(crowd.count(State::complete), 1U) << crowd.first_not(State::complete);
    EXPECT_TRUE(crowd.hashes_agree());
}

TEST_F(HalfClose, andThenASlowReader) {
    // Everything is sent, and the stream closed, before the first byte is read: what fits in
    // neither queue of this side waits on the other, and the end of stream must wait behind it.
    auto socket = client({.receive_buffer = 4096, .send_buffer = 1 << 20});
    const Pattern pattern(77);
    std::uint64_t sent = 0;
    while (sent < (10U << 20)) {
        const auto piece = pattern.view(sent, 65536);
        const ssize_t n = ::send(socket.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += static_cast<std::uint64_t>(n);
    }
    ASSERT_GT(sent, 100'000U);
    ASSERT_TRUE(half_close(socket).ok());
    std::uint64_t received = 0;
    for (;;) {
        const auto part = receive_some(socket, 1 + received % 3000);
        ASSERT_TRUE(part.ok()) << part.text() << " after " << received << " of " << sent;
        if (part->empty())
            break;
        ASSERT_TRUE(pattern.matches(received, *part)) << "wrong after " << received;
        received += part->size();
    }
    EXPECT_EQ(received, sent);
}

TEST_F(HalfClose, aHundredAtOnce) {
    std::vector<Descriptor> sockets;
    const Pattern pattern(5);
    for (std::size_t i = 0; i < 100; i++) {
        sockets.push_back(client());
        ASSERT_TRUE(send_all(sockets.back(), pattern.bytes(i, 5000)).ok());
        ASSERT_TRUE(half_close(sockets.back()).ok());
    }
    for (std::size_t i = 0; i < sockets.size(); i++) {
        const auto answer = receive_all(sockets[i]);
        ASSERT_TRUE(answer.ok()) << answer.text();
        EXPECT_TRUE(*answer == pattern.bytes(i, 5000)) << "connection " << i;
    }
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

TEST_F(HalfClose, theOtherWay) {
    // A client that will not read any more: the answer makes its kernel reset, and that is that.
    auto socket = client();
    ASSERT_EQ(::shutdown(socket.get(), SHUT_RD), 0);
    (void)send_all(socket, std::string(1000, 'x'));
    socket.close();
    EXPECT_TRUE(service_.reaches("connections_active", 0));
    expect_service();
}

TEST_F(HalfClose, leavesOthersAlone) {
    Traffic others(at(), 10);
    ASSERT_TRUE(others.flows());
    for (int i = 0; i < sized(100, 25, 1000); i++) {
        auto socket = client();
        ASSERT_TRUE(send_all(socket, "last words").ok());
        ASSERT_TRUE(half_close(socket).ok());
        ASSERT_EQ(receive_all(socket).value(), "last words");
    }
    EXPECT_EQ(others.finish(), "");
}

} // namespace
} // namespace kinetd::suite
