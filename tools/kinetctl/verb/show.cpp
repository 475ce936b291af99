// SPDX-License-Identifier: GPL-2.0
#include <memory>

#include "kinetctl/json.hpp"
#include "kinetctl/overview.hpp"
#include "kinetctl/target.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl show tcp_echo              settings and counters of a service
  kinetctl show pool default          of the pool, where a service has that name, too
  kinetctl show protocol tcp_echo     of the protocol rather than of its first service
  kinetctl show tcp_echo --json)";

struct Options {
    std::vector<std::string> words;
    bool as_json = false;
};

int show(Session &session, Options options) {
    const auto tree = session.tree();
    const auto target = take_target(tree, options.words, true);
    if (!target)
        return session.fail(target.error());
    if (!options.words.empty())
        return session.fail(exit_usage,
                            "'" + options.words.front() + "' is too much: show takes one object");
    const auto object = tree.read_object(target->kind, target->name);
    const auto snapshot = tree.read_snapshot();
    if (!object || !snapshot)
        return session.fail(!object ? object.error() : snapshot.error());
    session.out << (options.as_json ? print(to_json(*object)) : detail(*snapshot, *object));
    return exit_done;
}

} // namespace

void add_show(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("show", "One object with all its settings and counters");
    auto options = std::make_shared<Options>();
    verb->add_option("NAME", options->words, "[service|pool|client|protocol] NAME")
        ->type_name("")
        ->required();
    verb->add_flag("--json", options->as_json, "Print JSON");
    verb->footer(examples);
    verb->callback([&session, options] { session.status = show(session, *options); });
}

} // namespace kinetd::ctl
