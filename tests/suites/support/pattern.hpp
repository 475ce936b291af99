// SPDX-License-Identifier: GPL-2.0
/// \file
/// Endless byte streams that are cheap to make and to check at any offset.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kinetd::suite {

/// The stream of one seed. Each block of 64 KiB starts at another place of one random table, so
/// that bytes lost, doubled or moved show up, and no two streams are alike.
class Pattern {
public:
    explicit Pattern(std::uint64_t seed) : seed_(seed) {}

    /// A piece of the stream from `offset`: at least one byte, at most `most`.
    [[nodiscard]] std::string_view view(std::uint64_t offset, std::size_t most) const;

    [[nodiscard]] std::string bytes(std::uint64_t offset, std::size_t size) const;

    /// Whether `bytes` is what the stream holds from `offset`.
    [[nodiscard]] bool matches(std::uint64_t offset, std::string_view bytes) const;

private:
    std::uint64_t seed_;
};

/// A running 64-bit hash of a stream, the same however the stream is cut into pieces.
class Hash {
public:
    void add(std::string_view bytes);
    [[nodiscard]] std::uint64_t value() const;

private:
    void mix(std::uint64_t word);

    std::uint64_t state_ = 0x9e3779b97f4a7c15U;
    std::uint64_t partial_ = 0;
    unsigned held_ = 0; ///< bytes in partial_
    std::uint64_t length_ = 0;
};

} // namespace kinetd::suite
