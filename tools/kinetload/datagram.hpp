// SPDX-License-Identifier: GPL-2.0
/// \file
/// What a datagram holds: its number, hidden in a key of its socket's, then bytes that depend on
/// both. The size follows from the number's message.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "kinetload/sequence.hpp"

namespace kinetd::load {

class Datagram {
public:
    static constexpr std::size_t header = sizeof(std::uint64_t);

    /// `key` tells sockets, and runs, apart.
    explicit Datagram(std::uint64_t key) : key_(key) {}

    /// Fills `size` bytes at `into`: of a datagram smaller than its header, the first of it.
    void write(std::uint64_t number, char *into, std::size_t size) const {
        const std::uint64_t word = number ^ key_;
        std::memcpy(into, &word, size < header ? size : header);
        if (size <= header)
            return;
        std::size_t done = header;
        while (done < size) {
            const auto bytes = Sequence::random().at(place(number) + done, size - done);
            std::memcpy(into + done, bytes.data(), bytes.size());
            done += bytes.size();
        }
    }

    /// The number, where it is whole; what is not of this socket gives one far off.
    [[nodiscard]] std::uint64_t number(std::string_view bytes) const {
        std::uint64_t word = 0;
        if (bytes.size() < header)
            return ~key_;
        std::memcpy(&word, bytes.data(), header);
        return word ^ key_;
    }

    /// Whether all behind the header is as it was written.
    [[nodiscard]] bool intact(std::uint64_t number, std::string_view bytes) const {
        return Sequence::random().difference(place(number) + header, bytes.substr(header)) ==
               std::string_view::npos;
    }

private:
    [[nodiscard]] std::uint64_t place(std::uint64_t number) const {
        return (number * 64 + key_) & 0xffffffffffffU;
    }

    std::uint64_t key_;
};

} // namespace kinetd::load
