// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <memory>

#include "kinetctl/target.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl del service public        closes its connections
  kinetctl del pool fast             refused while something uses it
  kinetctl del client probe other    several at once

To end a protocol with all its services: kinetctl unload.)";

struct Options {
    tree::Kind kind = tree::Kind::service;
    std::vector<std::string> names;
};

/// The last failure's status; the others are deleted all the same.
int del(Session &session, const Options &options) {
    const auto tree = session.tree();
    int last = exit_done;
    for (const auto &name : options.names) {
        const auto status = remove(tree, options.kind, name);
        if (status)
            session.out << fmt::format("{} {} deleted\n", name_of(options.kind), name);
        else
            last = session.fail(status.error());
    }
    return last;
}

void add_kind(CLI::App &verb, Session &session, tree::Kind kind) {
    auto *noun = verb.add_subcommand(name_of(kind), "By name");
    auto options = std::make_shared<Options>();
    options->kind = kind;
    noun->add_option("NAMES", options->names, "What to delete")->type_name("")->required();
    noun->footer(examples);
    noun->callback([&session, options] { session.status = del(session, *options); });
}

} // namespace

void add_del(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("del", "Delete services, pools or clients");
    verb->require_subcommand(1);
    verb->footer(examples);
    for (const auto kind : {tree::Kind::service, tree::Kind::pool, tree::Kind::client})
        add_kind(*verb, session, kind);
}

} // namespace kinetd::ctl
