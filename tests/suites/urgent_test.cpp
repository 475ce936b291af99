// SPDX-License-Identifier: GPL-2.0
/// \file
/// Urgent data is data: it comes back in its place, and the stream goes on.
#include "support/fixture.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

class Urgent : public EchoTest {
protected:
    static void send_urgent(const Descriptor &socket, std::string_view bytes) {
        ASSERT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_OOB | MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
};

TEST_F(Urgent, byteComesBackInItsPlace) {
    auto socket = client();
    ASSERT_TRUE(send_all(socket, "before").ok());
    send_urgent(socket, "!");
    ASSERT_TRUE(send_all(socket, "after").ok());
    const auto answer = receive_exactly(socket, 12);
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_EQ(*answer, "before!after");
}

TEST_F(Urgent, byteFirstAndAlone) {
    auto socket = client();
    send_urgent(socket, "!");
    const auto answer = receive_exactly(socket, 1);
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_EQ(*answer, "!");
    EXPECT_TRUE(round_trip(socket, "and on").ok());
}

TEST_F(Urgent, manyTimes) {
    auto socket = client();
    const Pattern pattern(31);
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < 200; i++) {
        const auto plain = pattern.bytes(offset, i * 13 % 700);
        const auto loud = pattern.bytes(offset + plain.size(), 1 + i % 5);
        ASSERT_TRUE(send_all(socket, plain).ok());
        send_urgent(socket, loud);
        const auto answer = receive_exactly(socket, plain.size() + loud.size());
        ASSERT_TRUE(answer.ok()) << "round " << i << ": " << answer.text();
        ASSERT_TRUE(pattern.matches(offset, *answer)) << "round " << i;
        offset += answer->size();
    }
}

TEST_F(Urgent, withoutWaitingForAnswers) {
    auto socket = client();
    const Pattern pattern(33);
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < 200; i++) {
        const auto bytes = pattern.bytes(offset, 1 + i % 50);
        if (i % 3 == 0)
            send_urgent(socket, bytes);
        else
            ASSERT_TRUE(send_all(socket, bytes).ok());
        offset += bytes.size();
    }
    ASSERT_TRUE(half_close(socket).ok());
    const auto answer = receive_all(socket);
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_EQ(answer->size(), offset);
    EXPECT_TRUE(pattern.matches(0, *answer));
}

TEST_F(Urgent, lastBeforeTheEnd) {
    auto socket = client();
    ASSERT_TRUE(send_all(socket, "bye").ok());
    send_urgent(socket, "!");
    ASSERT_TRUE(half_close(socket).ok());
    const auto answer = receive_all(socket);
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_EQ(*answer, "bye!");
}

} // namespace
} // namespace kinetd::suite
