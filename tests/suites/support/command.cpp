// SPDX-License-Identifier: GPL-2.0
#include "support/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "base/descriptor.hpp"
#include "support/file.hpp"

namespace kinetd::suite {

namespace {

/// A file without a name, so that no pipe can fill up.
Descriptor scratch() {
    return Descriptor(::memfd_create("scratch", MFD_CLOEXEC));
}

std::string contents(const Descriptor &file) {
    return read_file("/proc/self/fd/" + std::to_string(file.get())).value();
}

/// Starts a shell in a process group of its own.
pid_t start(const std::string &command, int input, int output, int errors) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    const std::array<int, 3> files{input, output, errors};
    for (int i = 0; i < 3; i++)
        ::posix_spawn_file_actions_adddup2(&actions, files[static_cast<std::size_t>(i)], i);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

    std::string shell = "sh";
    std::string option = "-c";
    std::string line = command;
    const std::array<char *, 4> arguments{shell.data(), option.data(), line.data(), nullptr};
    pid_t pid = -1;
    const int problem =
        ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (problem != 0)
        throw std::runtime_error("cannot start " + command);
    return pid;
}

/// Ends a process group that start() has made; the shell's status.
int reap(pid_t group, Milliseconds limit) {
    const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, group, 0)));
    pollfd entry{handle.get(), POLLIN, 0};
    (void)::poll(&entry, 1, static_cast<int>(limit.count()));
    (void)::kill(-group, SIGKILL);
    int status = 0;
    (void)::waitpid(group, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

bool has_program(const std::string &name) {
    return execute("command -v " + name).status == 0;
}

Outcome execute(const std::string &command, const std::string &input, Milliseconds limit) {
    const auto in = scratch();
    const auto out = scratch();
    const auto err = scratch();
    if (::pwrite(in.get(), input.data(), input.size(), 0) != static_cast<ssize_t>(input.size()))
        throw std::runtime_error("cannot store the input of " + command);
    Outcome outcome;
    outcome.status = reap(start(command, in.get(), out.get(), err.get()), limit);
    outcome.output = contents(out);
    outcome.errors = contents(err);
    return outcome;
}

Daemon::Daemon(const std::string &command) {
    const Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    group_ = start(command, nothing.get(), nothing.get(), nothing.get());
}

Daemon::~Daemon() {
    (void)reap(group_, Milliseconds(0));
}

} // namespace kinetd::suite
