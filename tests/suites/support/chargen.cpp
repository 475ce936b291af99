// SPDX-License-Identifier: GPL-2.0
#include "support/chargen.hpp"

namespace kinetd::suite {

namespace {

std::string make_ring() {
    constexpr std::size_t characters = 95;
    std::string ring;
    for (std::size_t line = 0; line < characters; line++) {
        for (std::size_t column = 0; column < chargen_line - 2; column++)
            ring += static_cast<char>(' ' + (line + column) % characters);
        ring += "\r\n";
    }
    return ring;
}

/// From `offset` to where the ring ends, at most `most`.
std::string_view view(std::uint64_t offset, std::size_t most) {
    static const std::string ring = make_ring();
    return std::string_view(ring).substr(offset % chargen_ring, most);
}

} // namespace

std::string chargen_bytes(std::uint64_t offset, std::size_t size) {
    std::string bytes;
    while (bytes.size() < size)
        bytes += view(offset + bytes.size(), size - bytes.size());
    return bytes;
}

bool is_chargen(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto wanted = view(offset, bytes.size());
        if (bytes.substr(0, wanted.size()) != wanted)
            return false;
        bytes.remove_prefix(wanted.size());
        offset += wanted.size();
    }
    return true;
}

} // namespace kinetd::suite
