// SPDX-License-Identifier: GPL-2.0
#include "support/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "base/descriptor.hpp"

namespace kinetd::suite {

Result<std::string> read_file(const std::string &path) {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return last_error("open " + path);
    std::string text;
    std::array<char, 8192> block{};
    for (;;) {
        const ssize_t n = ::read(fd.get(), block.data(), block.size());
        if (n < 0)
            return last_error("read " + path);
        if (n == 0)
            return text;
        text.append(block.data(), static_cast<std::size_t>(n));
    }
}

Status write_file(const std::string &path, std::string_view text) {
    const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd)
        return last_error("open " + path);
    const ssize_t n = ::write(fd.get(), text.data(), text.size());
    if (n < 0)
        return last_error("write " + path);
    if (static_cast<std::size_t>(n) != text.size())
        return Error{EIO, "short write " + path};
    return Done{};
}

Result<std::string> read_line(const std::string &path) {
    auto text = read_file(path);
    if (text && !text->empty() && text->back() == '\n')
        text->pop_back();
    return text;
}

Result<std::uint64_t> read_number(const std::string &path) {
    const auto text = read_line(path);
    if (!text)
        return text.error();
    std::uint64_t number = 0;
    const char *end = text->data() + text->size();
    const auto [stop, problem] = std::from_chars(text->data(), end, number);
    if (problem != std::errc{} || stop != end)
        return Error{EINVAL, path + " holds \"" + *text + "\""};
    return number;
}

bool exists(const std::string &path) {
    struct stat unused {};
    return ::lstat(path.c_str(), &unused) == 0;
}

std::vector<std::string> list(const std::string &path) {
    std::vector<std::string> names;
    std::error_code problem;
    for (std::filesystem::directory_iterator it(path, problem), end; !problem && it != end;
         it.increment(problem))
        names.push_back(it->path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos)
            break;
        text.remove_prefix(at + 1);
    }
    return parts;
}

} // namespace kinetd::suite
