// SPDX-License-Identifier: GPL-2.0
#include "config/toml.hpp"

#include "config/stray.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kinetd::config {

namespace {

/// One line of what toml++ says, without what is not printable.
std::string plain(std::string_view text) {
    std::string line;
    for (const unsigned char byte : text)
        line += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '?';
    return line;
}

bool baffles(std::string_view text) {
    try {
        (void)toml::parse(text);
    } catch (const toml::parse_error &) {
        return false;
    } catch (const Baffled &) {
        return true;
    }
    return false;
}

/// The line that baffles toml++: it reads from the front, so with that line every longer beginning
/// of the text does, and no shorter one.
int baffling_line(std::string_view text) {
    const auto beginning = [&](int lines) {
        std::size_t end = 0;
        for (; lines > 0 && end < text.size(); lines--)
            end = std::min(text.find('\n', end), text.size() - 1) + 1;
        return text.substr(0, end);
    };
    int below = 0;
    auto line = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
    while (line - below > 1) {
        const int middle = below + (line - below) / 2;
        (baffles(beginning(middle)) ? line : below) = middle;
    }
    return line;
}

} // namespace

Checked<toml::table> read_toml(const std::string &text) {
    constexpr const char *see = "mend it, see kinetctl-config(5)";
    if (const int line = find_stray(text); line != 0)
        return Problem{line, fmt::format("not TOML: a character that is not ASCII, outside of a "
                                         "\"string\" and of a comment; {}",
                                         see)};
    try {
        return toml::parse(text);
    } catch (const toml::parse_error &error) {
        return Problem{static_cast<int>(error.source().begin.line),
                       fmt::format("not TOML: {}; {}", plain(error.description()), see)};
    } catch (const Baffled &) {
        return Problem{baffling_line(text), fmt::format("not TOML: this makes no sense; {}", see)};
    }
}

} // namespace kinetd::config
