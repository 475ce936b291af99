// SPDX-License-Identifier: GPL-2.0
/// \file
/// Peers that send and never read. They cost what their queues hold and hurt nobody else.
#include "support/fixture.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

using Reader = EchoTest;

TEST_F(Reader, thatNeverReadsIsHeldBack) {
    auto socket = client({.receive_buffer = 4096});
    const auto taken = fill(socket);
    ASSERT_TRUE(taken.ok()) << taken.text();
    EXPECT_LT(*taken, 64U << 20) << "the server swallows without an end";
    EXPECT_EQ(service_.active(), 1U);
    // The stream stops: no byte more goes either way. Probes of a window that is nearly closed may
    // still push some through at first.
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    EXPECT_TRUE(wait_for(
        [&] {
            received = service_.stat("bytes_received");
            sent = service_.stat("bytes_sent");
            const auto more = fill(socket, patience(Milliseconds(500)));
            return more && *more == 0 && service_.stat("bytes_received") == received &&
                   service_.stat("bytes_sent") == sent;
        },
        patience(seconds(20))))
        << received << " received and " << sent << " sent, and still more";
    EXPECT_GE(received, sent);
    EXPECT_LT(received, 64U << 20);
    expect_service();
}

TEST_F(Reader, thatNeverReadsLeavesOthersAlone) {
    std::vector<Descriptor> deaf;
    for (int i = 0; i < 20; i++) {
        deaf.push_back(client({.receive_buffer = 4096, .send_buffer = 65536}));
        ASSERT_TRUE(fill(deaf.back(), patience(Milliseconds(50))).ok());
    }
    Crowd crowd;
    ASSERT_TRUE(crowd.add(at(), 20, Plan{.bytes = 200'000}).ok());
    EXPECT_TRUE(crowd.run(patience(seconds(30))));
    EXPECT_EQ(crowd.count(State::complete), 20U) << crowd.first_not(State::complete);
    // The crowd's are closed by us; that the server has noticed takes it a moment.
    EXPECT_TRUE(service_.reaches("connections_active", 20)) << service_.active();
}

TEST_F(Reader, thatWakesUpLateGetsEverything) {
    auto socket = client({.receive_buffer = 4096});
    const auto taken = fill(socket, patience(Milliseconds(300)));
    ASSERT_TRUE(taken.ok()) << taken.text();
    ASSERT_TRUE(half_close(socket).ok());
    const auto answer = receive_all(socket, patience(seconds(30)));
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_EQ(answer->size(), *taken);
    EXPECT_EQ(answer->find_first_not_of('x'), std::string::npos);
}

TEST_F(Reader, thatWakesUpAgainAndAgain) {
    // Full, emptied, full again: each time the server has to notice that there is room.
    auto socket = client({.receive_buffer = 8192, .send_buffer = 65536});
    for (int turn = 0; turn < 4; turn++) {
        const auto taken = fill(socket, patience(Milliseconds(100)));
        ASSERT_TRUE(taken.ok()) << taken.text();
        const auto back = receive_exactly(socket, *taken, patience(seconds(30)));
        ASSERT_TRUE(back.ok()) << "turn " << turn << ": " << back.text();
    }
}

TEST_F(Reader, thatNeverReadsMayLeave) {
    for (const bool politely : {true, false}) {
        auto socket = client({.receive_buffer = 4096});
        ASSERT_TRUE(fill(socket, patience(Milliseconds(200))).ok());
        if (politely)
            socket.close();
        else
            reset(socket);
        EXPECT_TRUE(service_.reaches("connections_active", 0));
    }
}

} // namespace
} // namespace kinetd::suite
