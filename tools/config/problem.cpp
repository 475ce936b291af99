// SPDX-License-Identifier: GPL-2.0
#include "config/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace kinetd::config {

namespace {

constexpr std::size_t longest_quote = 60;
constexpr std::size_t longest_word = 64; ///< that may be one of ours

} // namespace

std::string Problem::in(std::string_view file) const {
    return line == 0 ? fmt::format("{}: {}", file, text)
                     : fmt::format("{}:{}: {}", file, line, text);
}

std::string quote(std::string_view bytes) {
    std::string text = "\"";
    for (const unsigned char byte : bytes.substr(0, longest_quote)) {
        const bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        text += plain ? std::string(1, static_cast<char>(byte)) : fmt::format("\\x{:02x}", byte);
    }
    return text + (bytes.size() > longest_quote ? "\"..." : "\"");
}

std::size_t distance(std::string_view a, std::string_view b) {
    if (a.size() > longest_word || b.size() > longest_word)
        return longest_word;
    // Optimal string alignment; three rows of its table suffice.
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); j++)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); i++) {
        std::swap(before, last);
        std::swap(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); j++) {
            const std::size_t differ = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + differ});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace kinetd::config
