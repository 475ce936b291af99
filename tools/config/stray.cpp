// SPDX-License-Identifier: GPL-2.0
#include "config/stray.hpp"

#include <algorithm>
#include <string>

namespace kinetd::config {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

/// Knows of a text no more than where its strings and comments end.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {
        if (text_.substr(0, byte_order_mark.size()) == byte_order_mark)
            at_ = byte_order_mark.size();
    }

    int find_stray() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (!is_ascii(c))
                return line();
            if (c == '#')
                at_ = std::min(text_.find('\n', at_), text_.size());
            else if ((c != '"' && c != '\'') || !may_begin())
                at_++;
            else if (text_.substr(at_, 3) == std::string(3, c))
                skip_lines(c);
            else
                skip_string(c);
        }
        return 0;
    }

private:
    /// Whether a quote may begin a string here. Within a value that began without one it does not,
    /// though toml++ reads on past it, to the next blank.
    [[nodiscard]] bool may_begin() const {
        constexpr std::string_view outside = " \t\r\n=[{,";
        if (at_ == 0 || !is_ascii(text_[at_ - 1])) // that is the byte order mark
            return true;
        const auto part = text_.substr(0, at_).find_last_of("\n{,") + 1;
        if (part > 1 && text_[part - 1] == '{' && outside.find(text_[part - 2]) == outside.npos)
            return false;
        const auto before = text_.substr(part, at_ - part);
        const auto values = std::count(before.begin(), before.end(), '=');
        const char last = text_[at_ - 1];
        if (last == '.')
            return values == 0;
        if (last == '[' || last == '{')
            return values <= 1 && (at_ == 1 || outside.find(text_[at_ - 2]) != outside.npos);
        return values <= 1 && outside.find(last) != outside.npos;
    }

    /// Past a string of one line, or to the end of a line that does not end it.
    void skip_string(char quote) {
        for (at_++; at_ < text_.size() && text_[at_] != '\n'; at_++) {
            if (text_[at_] == quote) {
                at_++;
                return;
            }
            if (quote == '"' && text_[at_] == '\\' && text_.substr(at_ + 1, 1) != "\n")
                at_++;
        }
    }

    /// Past a string of several lines, or to the first stray in it. It may end in quotes of its
    /// own.
    void skip_lines(char quote) {
        for (at_ += 3; at_ < text_.size() && is_ascii(text_[at_]); at_++) {
            if (quote == '"' && text_[at_] == '\\') {
                at_++;
            } else if (text_.substr(at_, 3) == std::string(3, quote)) {
                at_ = std::min(text_.find_first_not_of(quote, at_), text_.size());
                return;
            }
        }
    }

    [[nodiscard]] int line() const {
        return static_cast<int>(std::count(
                   text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n')) +
               1;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace

int find_stray(std::string_view text) {
    return Scanner(text).find_stray();
}

} // namespace kinetd::config
