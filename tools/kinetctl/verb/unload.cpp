// SPDX-License-Identifier: GPL-2.0
#include <memory>

#include "kinetctl/loading.hpp"
#include "kinetctl/module.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl unload tcp_echo      ends its services and their connections, returns promptly
  kinetctl unload --all         everything of kinetd, kinetd last

No client can delay it. What was configured is lost: kinetctl save keeps it.)";

struct Options {
    std::vector<std::string> names;
    bool all = false;
};

int unload_one(Session &session, const std::string &module) {
    const auto status = unload_module(module);
    if (!status)
        return session.fail(explain_unload(module, status.error()));
    session.out << module << " is unloaded\n";
    return exit_done;
}

int unload_all(Session &session) {
    if (!is_loaded(core_module))
        return session.fail(exit_not_loaded, "kinetd is not loaded");
    for (const auto &user : users_of(core_module))
        if (const int status = unload_one(session, user); status != exit_done)
            return status;
    return unload_one(session, core_module);
}

int unload(Session &session, const Options &options) {
    if (options.all && !options.names.empty())
        return session.fail(exit_usage,
                            "--all and " + options.names.front() + ": leave one of them out");
    if (options.all)
        return unload_all(session);
    if (options.names.empty())
        return session.fail(exit_usage, "unload what? Give a protocol or module, or --all");
    for (const auto &name : options.names) {
        const auto module = loaded_module(name);
        if (module.empty())
            return session.fail(exit_no_object, "no module for " + name + " is loaded");
        if (const int status = unload_one(session, module); status != exit_done)
            return status;
    }
    return exit_done;
}

} // namespace

void add_unload(CLI::App &program, Session &session) {
    auto *verb =
        program.add_subcommand("unload", "Unload a protocol's module and end its services");
    auto options = std::make_shared<Options>();
    verb->add_option("NAMES", options->names, "Protocols or modules")->type_name("");
    verb->add_flag("--all", options->all, "Everything of kinetd");
    verb->footer(examples);
    verb->callback([&session, options] { session.status = unload(session, *options); });
}

} // namespace kinetd::ctl
