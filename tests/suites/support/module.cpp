// SPDX-License-Identifier: GPL-2.0
#include "support/module.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "base/descriptor.hpp"
#include "support/exec.hpp"
#include "support/file.hpp"

namespace kinetd::suite {

namespace {

std::string modules_folder() {
    const char *folder = std::getenv("KINETD_MODULES");
    return folder != nullptr ? folder : ".";
}

constexpr std::array tcp_echo{"tcp_echo"};
constexpr std::array udp_echo{"udp_echo"};
constexpr std::array discard{"tcp_discard", "udp_discard"};
constexpr std::array notify{"udp_notify"};
constexpr std::array chargen{"tcp_chargen"};
constexpr std::array daytime{"tcp_daytime", "udp_daytime"};
constexpr std::array time{"tcp_time", "udp_time"};
constexpr std::array reverse{"tcp_reverse"};
constexpr std::array contract{"tcp_blocks", "tcp_orders", "tcp_greeter", "tcp_curt",
                              "tcp_idler",  "tcp_broken", "tcp_refuser"};

constexpr std::array modules{
    Module{core_name, "core", {}},
    Module{echo_name, "proto", tcp_echo},
    Module{udp_echo_name, "proto", udp_echo},
    Module{discard_name, "proto", discard},
    Module{notify_name, "proto", notify},
    Module{chargen_name, "proto", chargen},
    Module{daytime_name, "proto", daytime},
    Module{time_name, "proto", time},
    Module{reverse_name, "outside", reverse},
    Module{client_name, "client", {}},
    Module{contract_name, "contract", contract},
};

} // namespace

std::span<const Module> all_modules() {
    return modules;
}

std::span<const Module> protocol_modules() {
    return std::span(modules).subspan(1, modules.size() - 3);
}

const Module &module_named(std::string_view name) {
    const auto found = std::ranges::find(modules, name, &Module::name);
    if (found == modules.end())
        throw std::invalid_argument("no module: " + std::string(name));
    return *found;
}

std::string path_of(const Module &module) {
    return modules_folder() + "/" + module.folder + "/" + module.name + ".ko";
}

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

Status insert_core() {
    return insert_protocol(core_name, "");
}

Status insert_protocol(std::string_view name, const std::string &parameters) {
    const auto &module = module_named(name);
    auto inserted = insert_module(path_of(module), parameters);
    if (inserted)
        for (const char *protocol : module.protocols)
            obey_environment(protocol);
    return inserted;
}

Removal remove_protocol(const std::string &name) {
    const Stopwatch watch;
    auto status = remove_module(name);
    return {std::move(status), watch.elapsed()};
}

Status insert_echo(const std::string &parameters) {
    return insert_protocol(echo_name, parameters);
}

Removal remove_echo() {
    return remove_protocol(echo_name);
}

Status remove_everything() {
    const auto modules = all_modules();
    for (auto module = modules.rbegin(); module != modules.rend(); ++module) {
        if (!is_loaded(module->name))
            continue;
        auto status = remove_module(module->name);
        if (!status)
            return status;
    }
    return Done{};
}

} // namespace kinetd::suite
