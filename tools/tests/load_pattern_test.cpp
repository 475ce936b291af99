// SPDX-License-Identifier: GPL-2.0
/// \file
/// What is sent, and telling it from what was not.
#include <gtest/gtest.h>

#include <string>

#include "kinetload/datagram.hpp"
#include "kinetload/ring.hpp"
#include "kinetload/sequence.hpp"

namespace kinetd::load {
namespace {

constexpr auto none = std::string_view::npos;

std::string bytes_at(const Sequence &sequence, std::uint64_t position, std::size_t size) {
    std::string bytes;
    while (bytes.size() < size)
        bytes += sequence.at(position + bytes.size(), size - bytes.size());
    return bytes;
}

TEST(LoadSequence, sixtyFourKibibytesLieTogether) {
    for (const auto *sequence : {&Sequence::random(), &Sequence::chargen()})
        for (const std::uint64_t position : {0U, 262138U, 262139U, 224960U - 1, 1'000'000'007U})
            EXPECT_EQ(sequence->at(position, 65536).size(), 65536U) << position;
}

TEST(LoadSequence, seesOneWrongByteAnywhere) {
    const auto &sequence = Sequence::random();
    auto bytes = bytes_at(sequence, 250'000, 600'000);
    EXPECT_EQ(sequence.difference(250'000, bytes), none);
    for (const std::size_t at : {0U, 1U, 12'138U, 12'139U, 77'675U, 599'999U}) {
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        EXPECT_EQ(sequence.difference(250'000, bytes), at);
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
    }
}

TEST(LoadSequence, seesWhatIsMisplaced) {
    const auto &sequence = Sequence::random();
    const auto bytes = bytes_at(sequence, 5000, 1000);
    for (const std::uint64_t by : {1U, 8U, 64U, 1460U, 4096U, 65536U})
        EXPECT_NE(sequence.difference(5000 + by, bytes), none) << by;
}

TEST(LoadSequence, chargenIsThatOfTheRfc) {
    const auto &sequence = Sequence::chargen();
    const std::string first =
        R"( !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefg)";
    EXPECT_EQ(sequence.at(0, 74), first + "\r\n");
    EXPECT_EQ(sequence.at(74, 72), first.substr(1) + "h");
    EXPECT_EQ(sequence.at(95 * 74, 74), first + "\r\n");
}

TEST(LoadDatagram, comesBack) {
    const Datagram datagram(0x1234567890abcdefU);
    for (const std::size_t size : {8U, 9U, 64U, 65507U}) {
        std::string bytes(size, '\0');
        datagram.write(77, bytes.data(), size);
        EXPECT_EQ(datagram.number(bytes), 77U);
        EXPECT_TRUE(datagram.intact(77, bytes));
    }
}

TEST(LoadDatagram, seesDamage) {
    const Datagram datagram(1);
    std::string bytes(64, '\0');
    datagram.write(5, bytes.data(), bytes.size());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto wrong = bytes;
        wrong[at] = static_cast<char>(wrong[at] ^ 0x80);
        EXPECT_FALSE(datagram.number(wrong) == 5 && datagram.intact(5, wrong)) << at;
    }
}

TEST(LoadDatagram, bytesOfAnotherNumberAreNotIntact) {
    const Datagram datagram(1);
    std::string five(64, '\0');
    std::string six(64, '\0');
    datagram.write(5, five.data(), five.size());
    datagram.write(6, six.data(), six.size());
    EXPECT_FALSE(datagram.intact(5, five.substr(0, 8) + six.substr(8)));
}

TEST(LoadDatagram, thatOfAnotherSocketIsFarOff) {
    std::string bytes(64, '\0');
    Datagram(0xdeadbeefcafef00dU).write(5, bytes.data(), bytes.size());
    EXPECT_GT(Datagram(1).number(bytes), 1'000'000'000U);
    EXPECT_GT(Datagram(1).number("short"), 1'000'000'000U);
}

TEST(LoadRing, keepsOrderWhileItGrows) {
    Ring<int> ring;
    int next = 0;
    int out = 0;
    for (int round = 1; round < 50; ++round) {
        for (int i = 0; i < round; ++i)
            ring.push(next++);
        EXPECT_EQ(ring[ring.size() - 1], next - 1);
        for (int i = 0; i < round / 2; ++i) {
            EXPECT_EQ(ring.front(), out++);
            ring.pop();
        }
    }
    EXPECT_EQ(ring.size(), static_cast<std::size_t>(next - out));
    ring.clear();
    EXPECT_TRUE(ring.empty());
}

} // namespace
} // namespace kinetd::load
