// SPDX-License-Identifier: GPL-2.0
/// \file
/// A protocol from outside of the tree, the example in the Documentation: it is served like the
/// tree's own, and what it is promised of the interface holds.
#include <algorithm>

#include "support/fault.hpp"
#include "support/fixture.hpp"
#include "support/health.hpp"
#include "support/pattern.hpp"

namespace kinetd::suite {
namespace {

constexpr std::size_t piece = 512; ///< the longest line that comes back whole, newline included

class Reverse : public ProtocolTest {
protected:
    Reverse() : ProtocolTest(reverse_name, "tcp_reverse") {}

    [[nodiscard]] Descriptor client(const ConnectOptions &options = {}) const {
        return connect_to(at(), options).value();
    }

    static std::string backwards(std::string_view text) { return {text.rbegin(), text.rend()}; }

    /// What comes back for `text`, by the rules and not as the module does it.
    static std::string reversed(std::string_view text) {
        std::string answer;
        while (!text.empty()) {
            const auto end = text.find('\n');
            if (end < piece) {
                answer += backwards(text.substr(0, end)) + '\n';
                text.remove_prefix(end + 1);
            } else if (text.size() >= piece) {
                answer += backwards(text.substr(0, piece));
                text.remove_prefix(piece);
            } else {
                break;
            }
        }
        return answer;
    }

    static void expect_answer(const Descriptor &socket, std::string_view text) {
        const auto wanted = reversed(text);
        ASSERT_TRUE(send_all(socket, text).ok());
        const auto answer = receive_exactly(socket, wanted.size());
        ASSERT_TRUE(answer.ok()) << answer.text();
        ASSERT_TRUE(*answer == wanted) << answer->substr(0, 200);
    }
    void expect_service() const { expect_answer(client(), "still here?\n"); }

    /// One line of so many bytes before its newline.
    static std::string line_of(std::size_t size) {
        auto line = Pattern(size).bytes(0, size);
        std::replace(line.begin(), line.end(), '\n', '\0');
        return line + '\n';
    }

    /// Lines of all lengths from 0 on, of bytes that are no newlines.
    static std::string lines(std::size_t count, std::size_t longest) {
        std::string text;
        for (std::size_t i = 0; i < count; i++)
            text += line_of(i * 31 % (longest + 1));
        return text;
    }

    /// Sends everything and the end, while taking what comes back.
    static void expect_stream(const Descriptor &socket, const std::string &text) {
        std::thread sender([&] {
            (void)send_all(socket, text, patience(seconds(60)));
            (void)half_close(socket);
        });
        const auto all = receive_all(socket, patience(seconds(60)));
        sender.join();
        ASSERT_TRUE(all.ok()) << all.text();
        EXPECT_TRUE(*all == reversed(text)) << all->size() << " of " << reversed(text).size();
    }
};

TEST_F(Reverse, isListedLikeTheOthers) {
    EXPECT_EQ(service_.get("protocol"), "tcp_reverse");
    const Folder protocol(sysfs_root + "/protocols/tcp_reverse");
    EXPECT_EQ(protocol.get("transport"), "tcp");
    EXPECT_EQ(protocol.number("default_port"), 1030U);
}

TEST_F(Reverse, aLine) {
    const auto socket = client();
    ASSERT_TRUE(send_all(socket, "kinetd\n").ok());
    EXPECT_EQ(receive_exactly(socket, 7).value(), "dtenik\n");
}

TEST_F(Reverse, linesOfAllSorts) {
    const auto socket = client();
    for (const std::string &line :
         {std::string("\n"), std::string("a\n"), std::string("ab\n"), std::string("abc\n"),
          std::string(3, '\0') + "x\n", std::string("\r\n"), std::string("\377\200\n"),
          std::string("one\ntwo\nthree\n")})
        expect_answer(socket, line);
}

TEST_F(Reverse, aLineThatComesInPieces) {
    const auto socket = client();
    for (const char *part : {"never", " odd", " or", " even"}) {
        ASSERT_TRUE(send_all(socket, part).ok());
        EXPECT_EQ(receive_some(socket, 1, Milliseconds(30)).code(), ETIMEDOUT);
    }
    ASSERT_TRUE(send_all(socket, "\n").ok());
    EXPECT_EQ(receive_exactly(socket, 18).value(), "neve ro ddo reven\n");
}

TEST_F(Reverse, aLineThatComesByteByByte) {
    const auto socket = client();
    const auto text = lines(20, 60);
    for (const char byte : text)
        ASSERT_TRUE(send_all(socket, {&byte, 1}).ok());
    const auto answer = receive_exactly(socket, text.size());
    ASSERT_TRUE(answer.ok()) << answer.text();
    EXPECT_TRUE(*answer == reversed(text));
}

TEST_F(Reverse, linesAroundTheBuffersSize) {
    const auto socket = client();
    for (const std::size_t size : {piece - 2, piece - 1, piece, piece + 1, 2 * piece - 1, 2 * piece,
                                   2 * piece + 1, 10 * piece})
        expect_answer(socket, line_of(size));
}

TEST_F(Reverse, manyLinesAtOnce) {
    // More than is looked at in one turn, so that turns end within lines.
    expect_stream(client(), lines(sized<std::size_t>(5000, 2000, 200'000), 700));
}

TEST_F(Reverse, manyLinesThatAreThereBeforeTheFirstIsServed) {
    for (int i = 0; i < 10; i++) {
        const auto socket = start_connect(at(), {.send_buffer = 1 << 20});
        ASSERT_TRUE(socket.ok()) << socket.text();
        expect_stream(*socket, lines(2000, 100 + static_cast<std::size_t>(i)));
    }
}

TEST_F(Reverse, manyLinesToASlowReader) {
    const auto socket = client({.receive_buffer = 4096});
    const auto text = lines(sized<std::size_t>(2000, 500, 20'000), 400);
    const auto wanted = reversed(text);
    std::thread sender([&] {
        (void)send_all(socket, text, patience(seconds(60)));
        (void)half_close(socket);
    });
    std::string answer;
    for (;;) {
        const auto part = receive_some(socket, 1 + answer.size() % 3000);
        EXPECT_TRUE(part.ok()) << part.text();
        if (!part || part->empty())
            break;
        answer += *part;
    }
    sender.join();
    EXPECT_TRUE(answer == wanted) << answer.size() << " of " << wanted.size();
}

TEST_F(Reverse, whatIsUnfinishedGetsNoAnswer) {
    for (const char *text : {"", "no newline", "a line\nand a rest"}) {
        const auto socket = client();
        ASSERT_TRUE(send_all(socket, text).ok());
        ASSERT_TRUE(half_close(socket).ok());
        const auto answer = receive_all(socket);
        ASSERT_TRUE(answer.ok()) << answer.text();
        EXPECT_EQ(*answer, reversed(text));
    }
    EXPECT_TRUE(service_.reaches("connections_active", 0));
}

TEST_F(Reverse, whoNeverReadsCostsNoMore) {
    // The send queue is full, the rest stays on the client's side, and the others are served.
    const auto socket = client({.receive_buffer = 4096, .send_buffer = 65536});
    ASSERT_TRUE(send_all(socket, lines(100, 100)).ok());
    std::uint64_t sent = 0;
    const auto block = lines(1000, 100);
    while (send_all(socket, block, patience(Milliseconds(300))))
        ASSERT_LT(sent += block.size(), 64U << 20);
    expect_service();
    ASSERT_TRUE(service_.set("send_timeout_ms", 500).ok());
    EXPECT_TRUE(service_.reaches("connections_timed_out", 1, patience(seconds(15))));
}

TEST_F(Reverse, isUnloadedUnderTraffic) {
    const auto text = lines(200, 80);
    for (int i = 0; i < sized(10, 2, 200); i++) {
        std::vector<Descriptor> sockets(10);
        for (auto &socket : sockets) {
            socket = client();
            ASSERT_TRUE(send_all(socket, text).ok());
            ASSERT_TRUE(receive_some(socket, 100).ok());
        }
        const auto removal = unload();
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        load();
    }
    expect_service();
}

TEST_F(Reverse, survivesFailedAllocations) {
    if (!can_inject())
        GTEST_SKIP() << "this kernel has no fault injection";
    const Injection injection;
    const auto text = lines(2000, 80);
    const auto wanted = reversed(text);
    for (const int percent : {1, 10, 50}) {
        Shortage shortage(worker_threads(), percent);
        std::vector<Descriptor> sockets;
        for (int i = 0; i < 10; i++) {
            auto socket = connect_to(at(), {.limit = seconds(2)});
            if (!socket)
                continue;
            (void)send_all(*socket, text, Milliseconds(100));
            sockets.push_back(std::move(socket).value());
        }
        shortage.end();
        for (const auto &socket : sockets) {
            const auto answer = receive_some(socket, wanted.size(), Milliseconds(200));
            if (answer) {
                EXPECT_TRUE(wanted.compare(0, answer->size(), *answer) == 0);
            }
        }
        sockets.clear();
        EXPECT_TRUE(service_.reaches("connections_active", 0, patience(seconds(20))));
        expect_service();
    }
}

} // namespace
} // namespace kinetd::suite
