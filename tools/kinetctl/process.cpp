// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/descriptor.hpp"
#include "tree/file.hpp"

namespace kinetd::ctl {

namespace {

/// What is added for programs such as modprobe, which are not in everybody's path.
constexpr const char *administrators = ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";

std::string find_program(const std::string &name) {
    const char *given = std::getenv("PATH");
    const auto path = std::string(given != nullptr ? given : "") + administrators;
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find(':', begin), path.size());
        auto file = path.substr(begin, end - begin) + "/" + name;
        if (end > begin && ::access(file.c_str(), X_OK) == 0)
            return file;
        begin = end + 1;
    }
    return "";
}

/// A file without a name, so that no pipe can fill up.
Descriptor scratch() {
    return Descriptor(::memfd_create("kinetctl", MFD_CLOEXEC));
}

std::string contents(const Descriptor &file) {
    auto text = tree::read_file("/proc/self/fd/" + std::to_string(file.get()));
    return text ? *std::move(text) : "";
}

/// The child's errno, 0 where it runs.
int spawn(const std::string &program, const std::vector<std::string> &arguments,
          const Descriptor &output, const Descriptor &errors, pid_t &pid) {
    std::vector<char *> argv;
    for (const auto &argument : arguments)
        argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    std::string locale = "LC_ALL=C";
    std::string path = std::string("PATH=") + (administrators + 1);
    const std::array<char *, 3> environment{locale.data(), path.data(), nullptr};

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output.get(), 1);
    ::posix_spawn_file_actions_adddup2(&actions, errors.get(), 2);
    const int problem =
        ::posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    return problem;
}

} // namespace

tree::Result<Outcome> run_program(const std::vector<std::string> &arguments) {
    const auto program = find_program(arguments.front());
    if (program.empty())
        return tree::Error{ENOENT, arguments.front(), "",
                           arguments.front() + " is not installed (package kmod)"};
    const auto output = scratch();
    const auto errors = scratch();
    pid_t pid = -1;
    const int problem = spawn(program, arguments, output, errors, pid);
    if (problem != 0)
        return tree::Error{problem, program};
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return Outcome{code, contents(output), contents(errors)};
}

} // namespace kinetd::ctl
