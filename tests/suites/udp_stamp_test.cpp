// SPDX-License-Identifier: GPL-2.0
/// \file
/// A sender may want to be told when each of its datagrams left. The packet that comes back is the
/// very one that was sent, and the wish is not the answer's.
#include <linux/net_tstamp.h>

#include <array>
#include <iomanip>
#include <sstream>

#include "support/datagram_fixture.hpp"
#include "support/exec.hpp"

namespace kinetd::suite {
namespace {

/// In both ways of serving.
class UdpStamp : public UdpEchoTest, public testing::WithParamInterface<const char *> {
protected:
    void SetUp() override {
        UdpEchoTest::SetUp();
        if (!HasFatalFailure()) {
            ASSERT_TRUE(service_.set("exec", GetParam()).ok());
        }
    }

    /// Bytes of memory that wait in the service's sockets: what has come, and errors.
    [[nodiscard]] std::uint64_t held() const {
        std::ostringstream port;
        port << ':' << std::hex << std::uppercase << std::setw(4) << std::setfill('0') << port_;
        std::uint64_t sum = 0;
        for (const auto &line : split(read_file("/proc/net/udp").value(), '\n')) {
            std::istringstream fields(line);
            std::string number;
            std::string local;
            std::string peer;
            std::string state;
            std::string queues;
            fields >> number >> local >> peer >> state >> queues;
            if (local.ends_with(port.str()))
                sum += std::stoull(queues.substr(queues.find(':') + 1), nullptr, 16);
        }
        return sum;
    }
};

/// When the queue of the device was reached, and when it was left.
Status wish_for_stamps(const Descriptor &socket) {
    return set_option(socket, SOL_SOCKET, SO_TIMESTAMPING,
                      SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED |
                          SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID);
}

/// Those that wait to be read, which are gone then.
std::size_t take_stamps(const Descriptor &socket) {
    std::array<char, 512> control{};
    std::array<char, 256> payload{};
    for (std::size_t taken = 0;; taken++) {
        iovec piece{payload.data(), payload.size()};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(socket.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return taken;
    }
}

TEST_P(UdpStamp, isOfTheRequestAlone) {
    const auto stamped = client();
    ASSERT_TRUE(wish_for_stamps(stamped).ok());
    const auto requests = sized<std::uint64_t>(2000, 1000, 20'000);
    std::uint64_t stamps = 0;
    for (std::uint64_t i = 0; i < requests; i++) {
        const auto request = "when was this? " + std::to_string(i);
        ASSERT_TRUE(send_datagram(stamped, request).ok()) << i;
        // They are there before the answer is; who waits for it would be woken for them.
        stamps += take_stamps(stamped);
        const auto answer = receive_datagram(stamped);
        ASSERT_TRUE(answer.ok()) << i << ": " << answer.text();
        ASSERT_EQ(answer->bytes, request);
    }
    EXPECT_GE(stamps + take_stamps(stamped), requests) << "nobody was told of anything";

    // Of those stamps none is the service's, who would keep it for ever.
    EXPECT_TRUE(wait_for([this] { return held() == 0; }, patience(seconds(5)))) << held();
    const auto other = client({.receive_buffer = 1 << 20});
    ASSERT_EQ(send_burst(other, "and the others?", 64), 64U);
    for (int i = 0; i < 64; i++) {
        const auto answer = receive_datagram(other);
        ASSERT_TRUE(answer.ok()) << i << ": " << answer.text();
        EXPECT_EQ(answer->bytes, "and the others?");
    }
    EXPECT_EQ(counts().received, requests + 64);
    EXPECT_EQ(counts().sent, requests + 64);
    EXPECT_EQ(counts().dropped, 0U);
    EXPECT_EQ(counts().errors, 0U);
    EXPECT_TRUE(wait_for([this] { return held() == 0; }, patience(seconds(5)))) << held();
}

INSTANTIATE_TEST_SUITE_P(By, UdpStamp, testing::Values("thread", "inline"),
                         [](const auto &exec) { return std::string(exec.param); });

class UdpStampInline : public UdpEchoTest {};

TEST_F(UdpStampInline, leavesTheAnswersToTheSoftirq) {
    ASSERT_TRUE(service_.set("exec", "inline").ok());
    const auto stamped = client();
    ASSERT_TRUE(wish_for_stamps(stamped).ok());
    EXPECT_TRUE(softirq_answers([&] {
        auto answer = ask(stamped, "when was this?");
        (void)take_stamps(stamped);
        return answer;
    }));
}

} // namespace
} // namespace kinetd::suite
