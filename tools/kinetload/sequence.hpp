// SPDX-License-Identifier: GPL-2.0
/// \file
/// Endless sequences of bytes: what is sent, and what must come back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kinetd::load {

/// Bytes that repeat with a long period, laid out so that a message is sent, or compared, from
/// where it stands: nothing is generated for it.
class Sequence {
public:
    /// Bytes by chance, the same in every run, with a prime for a period: what is lost, doubled or
    /// misplaced by any number of bytes is seen, but for multiples of 262139.
    static const Sequence &random();
    /// RFC 864: lines of 72 of the 95 printable characters, each line one further.
    static const Sequence &chargen();

    /// From `position` on, `most` bytes or as many as lie together; always 64 KiB where asked for.
    [[nodiscard]] std::string_view at(std::uint64_t position, std::size_t most) const {
        return std::string_view(bytes_).substr(static_cast<std::size_t>(position % period_), most);
    }

    /// Where `bytes` differ first from what stands at `position`; npos where they do not.
    [[nodiscard]] std::size_t difference(std::uint64_t position, std::string_view bytes) const;

private:
    explicit Sequence(std::string period);

    std::string bytes_; ///< the period, and its start once more
    std::uint64_t period_;
};

} // namespace kinetd::load
