// SPDX-License-Identifier: GPL-2.0
/// \file
/// Every byte comes back, in order, whatever it is and however it was cut.
#include <sys/mman.h>
#include <sys/sendfile.h>

#include <algorithm>
#include <numeric>

#include "support/cpu.hpp"
#include "support/fixture.hpp"
#include "support/pattern.hpp"
#include "support/tcp_info.hpp"

namespace kinetd::suite {
namespace {

class Echo : public EchoTest {
protected:
    /// Runs `count` connections through `plan` to the end of their streams.
    void expect_echo(std::size_t count, const Plan &plan, Milliseconds limit = seconds(60)) {
        Crowd crowd;
        const auto added = crowd.add(at(), count, plan);
        ASSERT_TRUE(added.ok()) << added.text();
        EXPECT_TRUE(crowd.run(patience(limit))) << crowd.first_not(State::complete);
        EXPECT_EQ(crowd.count(State::complete), count) << crowd.first_not(State::complete);
        EXPECT_EQ(crowd.received(), count * plan.bytes);
        if (plan.hashed) {
            EXPECT_TRUE(crowd.hashes_agree());
        }
    }
};

TEST_F(Echo, nothingAtAll) {
    expect_echo(1, Plan{.bytes = 0});
}

TEST_F(Echo, smallSizes) {
    for (const std::uint64_t size :
         {1, 2, 3, 7, 64, 1000, 1447, 1448, 1449, 1460, 4095, 4096, 4097})
        expect_echo(1, Plan{.bytes = size, .hashed = true});
}

TEST_F(Echo, aroundSegmentAndBlockSizes) {
    for (const std::uint64_t size : {16383, 16384, 65535, 65536, 65537, 131073, 1048575})
        expect_echo(1, Plan{.bytes = size, .hashed = true});
}

TEST_F(Echo, ofMuchAtOnceIsInWholeSegments) {
    // A softirq has one packet at a time, and sends back what is in it.
    ASSERT_TRUE(service_.set("exec", "thread").ok());
    const auto socket = client();
    const std::string much(600'000, 'x');
    // So that the buffers grow to hold it.
    for (int i = 0; i < 8; i++)
        ASSERT_TRUE(round_trip(socket, much).ok());
    const OnCpu here(0);
    ASSERT_NO_FATAL_FAILURE(hold_the_workers_back());
    const auto before = info_of(socket);
    ASSERT_TRUE(send_all(socket, much).ok());
    ASSERT_TRUE(receive_exactly(socket, much.size()).ok());
    const auto after = info_of(socket);
    // Each run, of which there are some ten, has ended in a packet of its own once.
    const auto segments = (much.size() - 1) / after.tcpi_rcv_mss + 1;
    EXPECT_LE(after.tcpi_data_segs_in - before.tcpi_data_segs_in, segments + 4)
        << "of " << after.tcpi_rcv_mss << " bytes";
}

TEST_F(Echo, everyByteValue) {
    std::string bytes(256, '\0');
    std::iota(bytes.begin(), bytes.end(), '\0');
    auto socket = client();
    for (int turn = 0; turn < 8; turn++) {
        const auto answer = round_trip(socket, bytes);
        ASSERT_TRUE(answer.ok()) << answer.text();
        std::rotate(bytes.begin(), bytes.begin() + 37, bytes.end());
    }
    for (int value = 0; value < 256; value++) {
        const auto answer = round_trip(socket, std::string(1, static_cast<char>(value)));
        ASSERT_TRUE(answer.ok()) << "byte " << value << ": " << answer.text();
    }
}

TEST_F(Echo, onlyZeroBytes) {
    auto socket = client();
    const std::string zeros(100'000, '\0');
    const auto answer = round_trip(socket, zeros);
    EXPECT_TRUE(answer.ok()) << answer.text();
}

TEST_F(Echo, aLongStream) {
    const std::uint64_t mebibytes = sized<std::uint64_t>(32, 6, 1024);
    expect_echo(1,
                Plan{.bytes = mebibytes << 20, .segment = 65536, .window = 4 << 20, .hashed = true},
                seconds(110));
}

TEST_F(Echo, singleBytesBackToBack) {
    expect_echo(
        1,
        Plan{.bytes = sized<std::uint64_t>(20'000, 1500, 100'000), .segment = 1, .window = 4096});
}

TEST_F(Echo, singleBytesOneAtATime) {
    expect_echo(1,
                Plan{.bytes = sized<std::uint64_t>(800, 200, 50'000), .segment = 1, .window = 1});
}

TEST_F(Echo, oddSegments) {
    for (const std::uint64_t segment : {13, 1447, 1449, 4099, 32771}) {
        const auto bytes = std::min<std::uint64_t>(500'009, segment * sized(4'003, 307, 40'009));
        expect_echo(2, Plan{.bytes = bytes, .segment = segment, .window = 1 << 20});
    }
}

TEST_F(Echo, hugeWrites) {
    auto socket = client();
    // One send of several megabytes: the answer must be taken while it is still being sent.
    expect_echo(1, Plan{.bytes = 8 << 20,
                        .segment = 8 << 20,
                        .window = Plan::endless,
                        .read_size = 1 << 20,
                        .hashed = true});
    const auto answer = round_trip(socket, "meanwhile");
    EXPECT_TRUE(answer.ok()) << answer.text();
}

TEST_F(Echo, tinyReads) {
    expect_echo(1, Plan{.bytes = sized<std::uint64_t>(150'000, 20'000, 300'000), .read_size = 17});
}

TEST_F(Echo, tenConnections) {
    expect_echo(10, Plan{.bytes = sized<std::uint64_t>(500'009, 100'003, 10'000'019)});
}

TEST_F(Echo, aHundredConnections) {
    expect_echo(100, Plan{.bytes = sized<std::uint64_t>(100'003, 10'007, 1'000'003)});
}

TEST_F(Echo, aThousandConnections) {
    expect_echo(sized<std::size_t>(1000, 300, 1000),
                Plan{.bytes = sized<std::uint64_t>(10'007, 4001, 100'003)}, seconds(90));
}

TEST_F(Echo, manyMessagesOnOneConnection) {
    auto socket = client();
    for (std::size_t i = 0; i < 300; i++) {
        const auto answer = round_trip(socket, Pattern(i).bytes(i, 1 + i * 7 % 3000));
        ASSERT_TRUE(answer.ok()) << "message " << i << ": " << answer.text();
    }
}

TEST_F(Echo, connectionsOneAfterTheOther) {
    for (std::size_t i = 0; i < sized<std::size_t>(200, 40, 10'000); i++) {
        auto socket = client();
        const auto answer = round_trip(socket, Pattern(i).bytes(0, 1 + i % 100));
        ASSERT_TRUE(answer.ok()) << "connection " << i << ": " << answer.text();
    }
    EXPECT_EQ(service_.stat("connections_refused"), 0U);
}

TEST_F(Echo, dataThatComesBeforeTheAcceptance) {
    // The request and the end of stream are there before the server has seen the connection.
    for (int i = 0; i < 50; i++) {
        auto socket = start_connect(at());
        ASSERT_TRUE(socket.ok()) << socket.text();
        const auto message = Pattern(1).bytes(0, 100);
        ASSERT_TRUE(send_all(*socket, message).ok());
        ASSERT_TRUE(half_close(*socket).ok());
        const auto answer = receive_all(*socket);
        ASSERT_TRUE(answer.ok()) << answer.text();
        ASSERT_EQ(*answer, message);
    }
}

TEST_F(Echo, pagesOfAFile) {
    // The pages that arrive belong to a file here, not to the network.
    const Descriptor file(::memfd_create("payload", MFD_CLOEXEC));
    const auto bytes = Pattern(8).bytes(0, 3'000'001);
    ASSERT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    auto socket = client();
    off_t offset = 0;
    std::string answer;
    while (answer.size() < bytes.size()) {
        const auto left = bytes.size() - static_cast<std::size_t>(offset);
        if (left > 0 && ::sendfile(socket.get(), file.get(), &offset, left) < 0) {
            ASSERT_EQ(errno, EAGAIN);
        }
        const auto part = receive_some(socket, 1 << 20);
        ASSERT_TRUE(part.ok()) << part.text();
        ASSERT_FALSE(part->empty());
        answer += *part;
    }
    EXPECT_TRUE(answer == bytes);
}

TEST_F(Echo, pagesOfAProcess) {
    auto socket = client();
    ASSERT_TRUE(set_option(socket, SOL_SOCKET, SO_ZEROCOPY, 1).ok());
    for (std::size_t size : {10UL, 5000UL, 100'000UL}) {
        const auto bytes = Pattern(size).bytes(0, size);
        ASSERT_EQ(::send(socket.get(), bytes.data(), size, MSG_ZEROCOPY | MSG_NOSIGNAL),
                  static_cast<ssize_t>(size));
        const auto answer = receive_exactly(socket, size);
        ASSERT_TRUE(answer.ok()) << answer.text();
        EXPECT_TRUE(*answer == bytes) << size;
    }
}

TEST_F(Echo, aWrongExpectationIsNoticed) {
    // The check of the check: a client that expects another stream must see it as corrupt.
    Crowd crowd;
    ASSERT_TRUE(crowd.add(at(), 1, Plan{.bytes = 1000, .wrong = true}).ok());
    EXPECT_TRUE(crowd.run(patience(seconds(10))));
    EXPECT_EQ(crowd.count(State::corrupt), 1U) << crowd.first_not(State::corrupt);
}

} // namespace
} // namespace kinetd::suite
