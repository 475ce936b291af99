// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <memory>

#include "kinetctl/change.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl add service public tcp_echo address=:: port=7 enabled=1
  kinetctl add service quiet tcp_echo         down until: kinetctl set quiet enabled=1
  kinetctl add pool fast threads=2 cpus=2-3 nice=-10
  kinetctl add client probe address=192.0.2.1 port=7 running=1

All or nothing: where a setting is refused, nothing is added. A service and a client are in
the network namespace of whoever adds them; needs the protocol's module, for clients
kinetd_client (kinetctl load).)";

struct Options {
    tree::Kind kind = tree::Kind::service;
    std::string name;
    std::string protocol;
    std::vector<std::string> settings;
};

int add(Session &session, const Options &options) {
    const auto tree = session.tree();
    const auto settings = parse_settings(options.settings);
    if (!settings)
        return session.fail(settings.error());
    tree::Transaction transaction(tree);
    auto status = transaction.create(options.kind, options.name, options.protocol);
    if (status)
        status = transaction.set(options.kind, options.name, *settings);
    if (!status)
        return fail_and_undo(session, tree, transaction, status.error());
    transaction.commit();
    session.out << fmt::format("{} {} added\n", name_of(options.kind), options.name);
    return exit_done;
}

void add_kind(CLI::App &verb, Session &session, tree::Kind kind, const char *about) {
    auto *noun = verb.add_subcommand(name_of(kind), about);
    auto options = std::make_shared<Options>();
    options->kind = kind;
    noun->add_option("NAME", options->name, "1 to 31 of a-z, 0-9, _ and -")
        ->type_name("")
        ->required();
    if (kind == tree::Kind::service)
        noun->add_option("PROTOCOL", options->protocol, "A loaded protocol")
            ->type_name("")
            ->required();
    noun->add_option("SETTINGS", options->settings, "key=value...")->type_name("");
    noun->footer(examples);
    noun->callback([&session, options] { session.status = add(session, *options); });
}

} // namespace

void add_add(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("add", "Make a service, pool or client");
    verb->require_subcommand(1);
    verb->footer(examples);
    add_kind(*verb, session, tree::Kind::service, "A service of a protocol");
    add_kind(*verb, session, tree::Kind::pool, "A pool of worker threads");
    add_kind(*verb, session, tree::Kind::client, "A client that sends, checks and measures");
}

} // namespace kinetd::ctl
