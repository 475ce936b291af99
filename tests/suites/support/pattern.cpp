// SPDX-License-Identifier: GPL-2.0
#include "support/pattern.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kinetd::suite {

namespace {

constexpr std::size_t block_size = 65536;

std::uint64_t scramble(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

const std::string &table() {
    static const std::string bytes = [] {
        std::string made(2 * block_size, '\0');
        for (std::size_t i = 0; i < made.size(); i += sizeof(std::uint64_t)) {
            const std::uint64_t word = scramble(i);
            std::memcpy(made.data() + i, &word, sizeof word);
        }
        return made;
    }();
    return bytes;
}

} // namespace

std::string_view Pattern::view(std::uint64_t offset, std::size_t most) const {
    const std::uint64_t block = offset / block_size;
    const std::size_t within = offset % block_size;
    const std::size_t start = scramble(seed_ ^ scramble(block)) % block_size;
    return std::string_view(table()).substr(start + within, std::min(most, block_size - within));
}

std::string Pattern::bytes(std::uint64_t offset, std::size_t size) const {
    std::string made;
    made.reserve(size);
    while (made.size() < size)
        made += view(offset + made.size(), size - made.size());
    return made;
}

bool Pattern::matches(std::uint64_t offset, std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto expected = view(offset, bytes.size());
        if (bytes.substr(0, expected.size()) != expected)
            return false;
        offset += expected.size();
        bytes.remove_prefix(expected.size());
    }
    return true;
}

void Hash::mix(std::uint64_t word) {
    state_ = std::rotl((state_ ^ word) * 0xff51afd7ed558ccdU, 29) + word;
}

void Hash::add(std::string_view bytes) {
    length_ += bytes.size();
    while (!bytes.empty()) {
        if (held_ == 0 && bytes.size() >= sizeof partial_) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data(), sizeof word);
            mix(word);
            bytes.remove_prefix(sizeof word);
            continue;
        }
        partial_ |= std::uint64_t{static_cast<unsigned char>(bytes.front())} << (8 * held_);
        bytes.remove_prefix(1);
        if (++held_ == sizeof partial_) {
            mix(partial_);
            partial_ = 0;
            held_ = 0;
        }
    }
}

std::uint64_t Hash::value() const {
    return scramble(scramble(state_ ^ partial_) ^ length_);
}

} // namespace kinetd::suite
