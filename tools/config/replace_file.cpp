// SPDX-License-Identifier: GPL-2.0
#include "config/replace_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/descriptor.hpp"

namespace kinetd::config {

namespace {

using tree::Error;

constexpr mode_t usual_mode = 0644;

/// A new file beside another, which goes with the object unless it has taken that one's place.
class Draft {
public:
    explicit Draft(const std::string &path) : path_(path), name_(path + ".XXXXXX") {
        file_ = Descriptor(::mkostemp(name_.data(), O_CLOEXEC));
        code_ = file_ ? 0 : errno;
    }
    ~Draft() {
        if (file_ && !placed_)
            (void)::unlink(name_.c_str());
    }
    Draft(const Draft &) = delete;
    Draft &operator=(const Draft &) = delete;

    [[nodiscard]] int code() const { return code_; }

    /// 0 or the errno, here and below.
    [[nodiscard]] int fill(std::string_view text) const {
        while (!text.empty()) {
            const auto length = ::write(file_.get(), text.data(), text.size());
            if (length < 0 && errno != EINTR)
                return errno;
            text.remove_prefix(length < 0 ? 0 : static_cast<std::size_t>(length));
        }
        struct stat old {};
        const bool exists = ::stat(path_.c_str(), &old) == 0;
        const mode_t mode = exists ? old.st_mode & 07777 : usual_mode;
        return ::fchmod(file_.get(), mode) == 0 && ::fsync(file_.get()) == 0 ? 0 : errno;
    }

    [[nodiscard]] int place() {
        if (::rename(name_.c_str(), path_.c_str()) != 0)
            return errno;
        placed_ = true;
        const auto folder = std::filesystem::path(path_).parent_path();
        const Descriptor directory(
            ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return directory && ::fsync(directory.get()) == 0 ? 0 : errno;
    }

private:
    std::string path_;
    std::string name_;
    Descriptor file_;
    int code_ = 0;
    bool placed_ = false;
};

} // namespace

tree::Status replace_file(const std::string &path, std::string_view text) {
    std::error_code problem;
    const auto real = std::filesystem::canonical(path, problem);
    Draft draft(problem ? path : real.string());
    int code = draft.code();
    if (code == 0)
        code = draft.fill(text);
    if (code == 0)
        code = draft.place();
    if (code != 0)
        return Error{code, path};
    return Done{};
}

} // namespace kinetd::config
