// SPDX-License-Identifier: GPL-2.0
/// \file
/// What is queued for a peer arrives, and then the end of the stream, though the service, or its
/// module, has gone before.
#include <algorithm>
#include <functional>

#include "support/chargen.hpp"
#include "support/fixture.hpp"
#include "support/link.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

/// Loses packets, so that what has been sent once is not through.
constexpr const char *bad_line = "delay 5ms loss 3%";

/// Chargen queues as much as it may for whoever connects, and has nothing that it has not read.
class Delivery : public ProtocolTest {
protected:
    Delivery() : ProtocolTest(chargen_name, "tcp_chargen") {}

    /// Peers that have read nothing yet, with as much queued for each as may be.
    [[nodiscard]] static std::vector<Descriptor> peers(const Endpoint &where) {
        std::vector<Descriptor> sockets(4);
        for (auto &socket : sockets)
            socket = connect_to(where, {.receive_buffer = 32'768}).value();
        EXPECT_TRUE(wait_for([&] { return blocked() == sockets.size(); }, patience(seconds(20))))
            << blocked() << " of " << sockets.size() << " wait for room";
        return sockets;
    }

    /// How many connections wait for room.
    [[nodiscard]] static std::size_t blocked() {
        const auto lines = split(read_file("/sys/kernel/debug/kinetd/connections").value(), '\n');
        return static_cast<std::size_t>(std::ranges::count_if(lines, [](const std::string &line) {
            return line.find(" blocked") != std::string::npos;
        }));
    }

    /// How much there is for these up to the end, which is no reset.
    [[nodiscard]] static std::uint64_t read_all(const std::vector<Descriptor> &sockets) {
        std::uint64_t sum = 0;
        for (const auto &socket : sockets) {
            const auto answer = receive_all(socket, patience(seconds(40)));
            EXPECT_TRUE(answer.ok()) << answer.text();
            if (answer) {
                EXPECT_TRUE(is_chargen(0, *answer));
                sum += answer->size();
            }
        }
        return sum;
    }

    void expect_all_after_unload(const std::vector<Descriptor> &sockets) const {
        const auto queued = service_.stat("bytes_sent");
        EXPECT_GT(queued, 0U);
        const auto removal = unload();
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        EXPECT_GE(read_all(sockets), queued);
    }
};

TEST_F(Delivery, fromAServiceThatIsSwitchedOff) {
    const auto sockets = peers(at());
    ASSERT_TRUE(service_.set("enabled", 0).ok());
    EXPECT_EQ(service_.active(), 0U);
    const auto queued = service_.stat("bytes_sent");
    EXPECT_GT(queued, 0U);
    EXPECT_EQ(read_all(sockets), queued);
}

TEST_F(Delivery, fromAServiceThatIsDeleted) {
    const auto sockets = peers(at());
    const auto queued = service_.stat("bytes_sent");
    EXPECT_GT(queued, 0U);
    ASSERT_TRUE(delete_service("tcp_chargen", "tcp_chargen").ok());
    EXPECT_GE(read_all(sockets), queued);
}

TEST_F(Delivery, fromAModuleThatIsGone) {
    expect_all_after_unload(peers(at()));
}

TEST_F(Delivery, fromAModuleThatIsGoneOverABadLine) {
    if (!has_links() || !has_netem())
        GTEST_SKIP() << "this kernel has no virtual Ethernet or no netem";
    const auto link = Link::create().value();
    ASSERT_TRUE(link.spoil(bad_line).ok());
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    std::vector<Descriptor> sockets;
    link.far().run([&] { sockets = peers(at(Link::near_v4)); });
    expect_all_after_unload(sockets);
}

/// Echo, whose peers have said all that they want to.
class DeliveryOfEchoes : public EchoTest {
protected:
    /// Has `depart` called when all is queued, and nothing of it need have arrived.
    void expect_all(const Link &link, const std::function<void()> &depart) const {
        constexpr std::size_t size = 20'000; // goes into the send queue at once
        const Pattern pattern(9);
        std::vector<Descriptor> sockets(8);
        link.far().run([&] {
            for (auto &socket : sockets)
                socket = connect_to(at(Link::near_v4)).value();
        });
        const auto before = service_.stat("bytes_sent");
        for (std::size_t i = 0; i < sockets.size(); i++) {
            ASSERT_TRUE(send_all(sockets[i], pattern.bytes(i, size)).ok());
            ASSERT_TRUE(half_close(sockets[i]).ok());
        }
        ASSERT_TRUE(
            service_.reaches("bytes_sent", before + sockets.size() * size, patience(seconds(30))));
        depart();
        for (std::size_t i = 0; i < sockets.size(); i++) {
            const auto answer = receive_all(sockets[i], patience(seconds(40)));
            ASSERT_TRUE(answer.ok()) << answer.text();
            EXPECT_TRUE(*answer == pattern.bytes(i, size)) << answer->size() << " of " << size;
        }
    }
};

TEST_F(DeliveryOfEchoes, overABadLine) {
    if (!has_links() || !has_netem())
        GTEST_SKIP() << "this kernel has no virtual Ethernet or no netem";
    const auto link = Link::create().value();
    ASSERT_TRUE(link.spoil(bad_line).ok());
    ASSERT_TRUE(service_.set("address", "0.0.0.0").ok());
    for (int i = 0; i < sized(3, 1, 50); i++) {
        ASSERT_NO_FATAL_FAILURE(expect_all(link, [this] {
            ASSERT_TRUE(service_.set("enabled", 0).ok());
            EXPECT_EQ(service_.active(), 0U);
        }));
        ASSERT_TRUE(service_.set("enabled", 1).ok());
    }
    ASSERT_NO_FATAL_FAILURE(expect_all(link, [this] {
        const auto removal = unload();
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
    }));
}

} // namespace
} // namespace kinetd::suite
