// SPDX-License-Identifier: GPL-2.0
#include "tree/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "base/descriptor.hpp"

namespace kinetd::tree {

Result<std::string> read_file(const std::string &path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return Error{errno, path};
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const auto length = ::read(file.get(), buffer.data(), buffer.size());
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return Error{errno, path};
        if (length == 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(length));
    }
}

int write_file(const std::string &path, std::string_view text) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    if (!file)
        return errno;
    const auto length = ::write(file.get(), text.data(), text.size());
    if (length < 0)
        return errno;
    return static_cast<std::size_t>(length) == text.size() ? 0 : EIO;
}

std::vector<std::string> list_folder(const std::string &path) {
    std::vector<std::string> names;
    std::error_code problem;
    std::filesystem::directory_iterator entry(path, problem);
    for (; !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem))
        names.push_back(entry->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

bool exists(const std::string &path) {
    return ::access(path.c_str(), F_OK) == 0;
}

} // namespace kinetd::tree
