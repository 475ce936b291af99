// SPDX-License-Identifier: GPL-2.0
#include "support/module.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "support/descriptor.hpp"
#include "support/file.hpp"

namespace kinetd::suite {

namespace {

std::string modules_folder() {
    const char *folder = std::getenv("KINETD_MODULES");
    return folder != nullptr ? folder : ".";
}

} // namespace

Status insert_module(const std::string &path, const std::string &parameters) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return last_error("open " + path);
    if (::syscall(SYS_finit_module, file.get(), parameters.c_str(), 0) != 0)
        return last_error("insmod " + path + " " + parameters);
    return Done{};
}

Status remove_module(const std::string &name) {
    if (::syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) != 0)
        return last_error("rmmod " + name);
    return Done{};
}

bool is_loaded(const std::string &name) {
    return exists("/sys/module/" + name + "/refcnt");
}

std::string core_path() {
    return modules_folder() + "/core/kinetd.ko";
}

std::string echo_path() {
    return modules_folder() + "/proto/proto_tcp_echo.ko";
}

Status insert_core() {
    return insert_module(core_path());
}

Status insert_echo(const std::string &parameters) {
    return insert_module(echo_path(), parameters);
}

Removal remove_echo() {
    const Stopwatch watch;
    auto status = remove_module(echo_name);
    return {std::move(status), watch.elapsed()};
}

Status remove_everything() {
    for (const char *name : {echo_name, core_name}) {
        if (!is_loaded(name))
            continue;
        auto status = remove_module(name);
        if (!status)
            return status;
    }
    return Done{};
}

} // namespace kinetd::suite
