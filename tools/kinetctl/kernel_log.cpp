// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/kernel_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <regex>

namespace kinetd::ctl {

namespace {

/// A record is "6,1234,5678,-;text", more lines below it.
std::string text_of(const std::string &record) {
    const auto begin = record.find(';');
    const auto end = record.find('\n');
    return begin == std::string::npos ? "" : record.substr(begin + 1, end - begin - 1);
}

} // namespace

KernelLog::KernelLog() : file_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (file_)
        (void)::lseek(file_.get(), 0, SEEK_END);
}

std::vector<std::string> KernelLog::lines(const std::vector<std::string> &words) const {
    std::vector<std::string> found;
    std::array<char, 8192> buffer{};
    while (file_) {
        const auto length = ::read(file_.get(), buffer.data(), buffer.size());
        // EPIPE: what was next has been overwritten; the one after it is read next.
        if (length < 0 && errno == EPIPE)
            continue;
        if (length <= 0)
            break;
        auto text = text_of(std::string(buffer.data(), static_cast<std::size_t>(length)));
        for (const auto &word : words)
            if (text.rfind(word + ":", 0) == 0) {
                found.push_back(std::move(text));
                break;
            }
    }
    return found;
}

bool parse_unserved(const std::string &line, Unserved &unserved) {
    static const std::regex pattern("kinetd: (\\S+): cannot serve on (\\S+) port (\\d+): .*");
    std::smatch parts;
    if (!std::regex_match(line, parts, pattern))
        return false;
    unserved = {parts[1], parts[2], parts[3]};
    return true;
}

} // namespace kinetd::ctl
