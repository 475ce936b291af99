// SPDX-License-Identifier: GPL-2.0
/// \file
/// The stream of RFC 864: lines of 72 of the 95 printable characters, each line one character
/// further round their ring.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kinetd::suite {

inline constexpr std::size_t chargen_line = 74; ///< with CR and LF
inline constexpr std::size_t chargen_ring = 95 * chargen_line;

/// A piece of the stream from `offset`.
std::string chargen_bytes(std::uint64_t offset, std::size_t size);

/// Whether `bytes` is what the stream holds from `offset`.
bool is_chargen(std::uint64_t offset, std::string_view bytes);

} // namespace kinetd::suite
