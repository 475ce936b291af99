// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "kinetctl/kernel_log.hpp"
#include "kinetctl/loading.hpp"
#include "kinetctl/module.hpp"
#include "kinetctl/table.hpp"
#include "kinetctl/target.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl load tcp_echo                         echo on 127.0.0.1 port 7
  kinetctl load tcp_echo port=5555 address=::    on all addresses
  kinetctl load discard enabled=0                down until: kinetctl set tcp_discard enabled=1
  kinetctl load kinetd_client                    the active side: kinetctl add client
  kinetctl load ./proto/proto_tcp_echo.ko        what is built but not installed
  kinetctl load tcp_echo --module-dir .          the same, found below a folder

What a module needs, kinetd above all, is loaded with it.)";

struct Options {
    std::vector<std::string> words;
    std::string folder;
};

std::string services_text(const tree::Snapshot &before, const tree::Snapshot &after) {
    std::string text;
    for (const auto &service : after.services)
        if (before.find(tree::Kind::service, service.name) == nullptr)
            text +=
                fmt::format("service {}: {} {}, {}\n", service.name, after.transport_of(service),
                            place_of(service), service.get("enabled") == "1" ? "up" : "down");
    return text;
}

/// What the kernel would ignore with no more than a line in its log.
tree::Status check_parameters(const Module &module, const std::vector<tree::Setting> &parameters) {
    if (parameters.empty())
        return Done{};
    const auto known = parameters_of(module);
    for (const auto &[key, value] : parameters)
        if (std::find(known.begin(), known.end(), key) == known.end())
            return tree::Error{
                usage_fault, key, value,
                fmt::format("{} has no parameter {}{}{}", module.name, key,
                            known.empty() ? "" : "; it has: ", fmt::join(known, ", "))};
    return Done{};
}

/// Modprobe does it for what is installed.
tree::Status load_needs(const Module &module, const std::string &folder) {
    if (module.file.empty())
        return Done{};
    for (const auto &need : needs_of(module)) {
        if (is_loaded(need))
            continue;
        auto found = find_module(need, folder);
        // A .ko alone: look where the tree that it was built in has the others.
        if (!found)
            found = find_module(need, module.file.substr(0, module.file.rfind('/') + 1) + "..");
        if (!found)
            return found.error();
        auto status = load_module(*found, {});
        if (!status && status.code() != EEXIST)
            return status;
    }
    return Done{};
}

int load(Session &session, Options options) {
    const auto name = options.words.front();
    options.words.erase(options.words.begin());
    const auto parameters = parse_settings(options.words);
    if (!parameters)
        return session.fail(parameters.error());
    const auto module = find_module(name, options.folder);
    if (!module)
        return session.fail(exit_no_object, module.error().text());
    if (const auto status = check_parameters(*module, *parameters); !status)
        return session.fail(status.error());
    if (is_loaded(module->name) && !parameters->empty())
        return session.fail(exit_refused, module->name + " is loaded already, and parameters count "
                                                         "only then: use kinetctl set");
    if (is_loaded(module->name)) {
        session.out << module->name << " is loaded already\n";
        return exit_done;
    }

    const auto before = session.tree().read_snapshot();
    const KernelLog log;
    auto status = load_needs(*module, options.folder);
    if (status)
        status = load_module(*module, *parameters);
    if (!status)
        return session.fail(explain_load(session.tree(), *module, status.error(),
                                         log.lines({core_module, module->name})));
    session.out << module->name << " is loaded\n";
    const auto after = session.tree().read_snapshot();
    if (after)
        session.out << services_text(before ? *before : tree::Snapshot{}, *after);
    return exit_done;
}

} // namespace

void add_load(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("load", "Load a protocol's module, with its first service");
    auto options = std::make_shared<Options>();
    verb->add_option("NAME", options->words, "Protocol, module or .ko file, then key=value...")
        ->type_name("")
        ->required();
    verb->add_option("--module-dir", options->folder, "Look for modules below this folder")
        ->envname("KINETD_MODULE_DIR")
        ->type_name("FOLDER");
    verb->footer(examples);
    verb->callback([&session, options] { session.status = load(session, *options); });
}

} // namespace kinetd::ctl
