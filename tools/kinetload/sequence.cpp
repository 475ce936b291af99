// SPDX-License-Identifier: GPL-2.0
#include "kinetload/sequence.hpp"

#include <algorithm>
#include <cstring>

#include "kinetload/sizes.hpp"

namespace kinetd::load {

namespace {

constexpr std::size_t together = 65536;
constexpr std::size_t prime = 262139;

std::string random_bytes() {
    Random random(1);
    std::string bytes(prime, '\0');
    for (auto &byte : bytes)
        byte = static_cast<char>(random.next());
    return bytes;
}

/// All 95 lines, several times: short pieces would cost a call each.
std::string chargen_bytes() {
    constexpr std::size_t characters = 95;
    constexpr std::size_t columns = 72;
    std::string bytes;
    for (std::size_t line = 0; line < characters * 32; ++line) {
        for (std::size_t column = 0; column < columns; ++column)
            bytes += static_cast<char>(' ' + (line + column) % characters);
        bytes += "\r\n";
    }
    return bytes;
}

} // namespace

Sequence::Sequence(std::string period) : bytes_(std::move(period)), period_(bytes_.size()) {
    bytes_ += bytes_.substr(0, together);
}

const Sequence &Sequence::random() {
    static const Sequence sequence(random_bytes());
    return sequence;
}

const Sequence &Sequence::chargen() {
    static const Sequence sequence(chargen_bytes());
    return sequence;
}

std::size_t Sequence::difference(std::uint64_t position, std::string_view bytes) const {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto wanted = at(position + done, bytes.size() - done);
        if (std::memcmp(wanted.data(), bytes.data() + done, wanted.size()) != 0)
            return done +
                   static_cast<std::size_t>(
                       std::mismatch(wanted.begin(), wanted.end(), bytes.begin() + done).first -
                       wanted.begin());
        done += wanted.size();
    }
    return std::string_view::npos;
}

} // namespace kinetd::load
