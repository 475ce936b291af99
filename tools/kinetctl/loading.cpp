// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/loading.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "kinetctl/kernel_log.hpp"
#include "tree/explain.hpp"
#include "tree/holder.hpp"

namespace kinetd::ctl {

namespace {

/// The module has gone again, and with it what it said of its transport: the name tells.
std::string transport_of(const std::string &protocol) {
    return protocol.rfind("udp_", 0) == 0 ? "udp" : "tcp";
}

std::string unserved_text(const tree::Tree &tree, int code, const Unserved &unserved) {
    tree::Context context{"services/" + unserved.protocol + "/enabled", "1"};
    context.address = unserved.address;
    context.port = unserved.port;
    const auto snapshot = tree.read_snapshot();
    const auto port = static_cast<std::uint16_t>(std::strtoul(unserved.port.c_str(), nullptr, 10));
    if (snapshot && code == EADDRINUSE)
        context.holder =
            holder_of(*snapshot, {transport_of(unserved.protocol), unserved.address, port}, "");
    return fmt::format("{}, with port=N address=A", explain(code, context));
}

std::string load_text(const Module &module, int code) {
    switch (code) {
    case EPERM:
    case EACCES:
        return "only root may load modules: run it with sudo";
    case ENOEXEC:
        return fmt::format("{} was built for another kernel: build it for this one", module.name);
    case EKEYREJECTED:
    case ENOKEY:
        return fmt::format("{} is not signed with a key that this kernel trusts (Secure Boot)",
                           module.name);
    case ENOENT:
        return fmt::format("{} does not fit the kinetd that is loaded: build both together",
                           module.name);
    default:
        return fmt::format("{} cannot be loaded: {}", module.name, std::strerror(code));
    }
}

/// "kinetd: tcp_echo: port=0 is not 1 to 65535" without the first word.
std::string without_prefix(const std::string &line) {
    return line.substr(line.find(": ") + 2);
}

} // namespace

tree::Error explain_load(const tree::Tree &tree, const Module &module, tree::Error error,
                         const std::vector<std::string> &lines) {
    for (const auto &line : lines) {
        Unserved unserved;
        if (parse_unserved(line, unserved)) {
            error.message = unserved_text(tree, error.code, unserved);
            return error;
        }
    }
    if (!error.message.empty())
        return error;
    error.message = load_text(module, error.code);
    if (!lines.empty())
        error.message =
            error.code == EINVAL
                ? fmt::format("{} is refused: {}", module.name, without_prefix(lines.front()))
                : fmt::format("{} (kernel: {})", error.message, lines.front());
    return error;
}

tree::Error explain_unload(const std::string &module, tree::Error error) {
    const auto users = users_of(module);
    if (error.code == EPERM)
        error.message = "only root may unload modules: run it with sudo";
    else if (!users.empty())
        error.message = fmt::format("{} is used by {}: unload that first, or kinetctl unload --all",
                                    module, fmt::join(users, ", "));
    else
        error.message = fmt::format("{} cannot be unloaded: {}", module, std::strerror(error.code));
    return error;
}

} // namespace kinetd::ctl
