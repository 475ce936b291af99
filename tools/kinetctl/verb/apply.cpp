// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "config/carry_out.hpp"
#include "config/machine.hpp"
#include "kinetctl/json.hpp"
#include "kinetctl/module.hpp"
#include "kinetctl/report.hpp"
#include "kinetctl/tree_target.hpp"
#include "kinetctl/verb.hpp"
#include "tree/file.hpp"
#include "tree/uninterrupted.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl apply /etc/kinetd/kinetd.toml             make it so
  kinetctl apply kinetd.toml --dry-run               what would change; writes nothing
  kinetctl apply kinetd.toml --dry-run --json
  kinetctl apply kinetd.toml --prune                 delete what the file does not name

A file, in TOML; kinetctl-config(5) has all keys, kinetctl save writes one:
  [pools.fast]
  threads = 4
  cpus = "0-3"

  [services.public]
  protocol = "tcp_echo"
  address = "0.0.0.0"
  port = 5555
  pool = "fast"
  max_per_source = 10

Modules that the protocols need are loaded. All or nothing: a mistake in the file is told
before anything is written, and where the kernel refuses something, all is put back.
Connections stay, unless a service is stopped or deleted. Done twice, it writes nothing.
Exit status: 0 done, or nothing to do; with --dry-run 6 where there is something to do;
1 the file is wrong, or the kernel refused.)";

struct Options {
    std::string file;
    std::string folder;
    bool dry_run = false;
    bool json = false;
    config::Wish wish{};
};

int say_problem(Session &session, const Options &options, const config::Problem &problem) {
    session.err << problem.in(options.file) << '\n';
    return exit_refused;
}

/// Nothing is loaded where there is no tree. A module that the file names may use it or not.
tree::Result<config::State> read_state(const tree::Tree &tree,
                                       const std::vector<std::string> &named) {
    auto users = users_of(core_module);
    std::copy_if(named.begin(), named.end(), std::back_inserter(users), is_loaded);
    const auto snapshot = tree.read_snapshot();
    if (!snapshot && snapshot.code() == ENOENT)
        return config::State{};
    if (!snapshot)
        return snapshot.error();
    return config::state_of(*snapshot, {users.begin(), users.end()});
}

void show(Session &session, const Options &options, const config::Plan &plan,
          const std::vector<std::string> &failures) {
    if (options.json) {
        const Json json{{"file", options.file},
                        {"dry_run", options.dry_run},
                        {"changes", to_json(plan.changes)},
                        {"failures", failures}};
        session.out << print(json);
    } else {
        session.out << changes_text(plan.changes);
    }
}

config::Outcome carry_out_all(const config::Plan &plan, TreeTarget &target) {
    const tree::Uninterrupted uninterrupted;
    return config::carry_out(plan, target);
}

int carry_out(Session &session, const Options &options, const config::Plan &plan,
              const config::Lines &lines) {
    const auto tree = session.tree();
    TreeTarget target(tree, options.folder);
    const auto outcome = carry_out_all(plan, target);
    const auto failures = failure_lines(options.file, lines, outcome);
    // What was taken back has not changed.
    if (options.json || !outcome.failure)
        show(session, options, plan, failures);
    for (const auto &line : failures)
        session.err << line << '\n';
    if (failures.empty())
        return exit_done;
    const bool unprivileged = target.last_code() == EPERM || target.last_code() == EACCES;
    return unprivileged ? exit_no_privilege : exit_refused;
}

int apply(Session &session, const Options &options) {
    const auto text = tree::read_file(options.file);
    if (!text)
        return session.fail(exit_refused,
                            fmt::format("{}: name a file that can be read", text.error().text()));
    const auto document = config::parse(*text);
    if (!document)
        return say_problem(session, options, document.error());
    const auto state = read_state(session.tree(), document->config.modules);
    if (!state)
        return session.fail(state.error());
    const auto plan = config::plan(*document, *state, config::read_machine(), options.wish,
                                   config::find_free_port);
    if (!plan)
        return say_problem(session, options, plan.error());
    if (!options.dry_run)
        return carry_out(session, options, *plan, document->lines);
    show(session, options, *plan, {});
    return plan->steps.empty() ? exit_done : exit_differs;
}

} // namespace

void add_apply(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("apply", "Make everything as a file says");
    auto options = std::make_shared<Options>();
    verb->add_option("FILE", options->file, "The configuration, see kinetctl-config(5)")
        ->required();
    verb->add_flag("--dry-run,-n", options->dry_run, "Show what would change, write nothing");
    verb->add_flag("--json", options->json, "The changes as JSON");
    verb->add_flag("--prune", options->wish.prune,
                   "Delete services and pools that the file does not name");
    verb->add_option("--module-dir", options->folder, "Look for modules below this folder")
        ->envname("KINETD_MODULE_DIR")
        ->type_name("FOLDER");
    verb->footer(examples);
    verb->callback([&session, options] { session.status = apply(session, *options); });
}

} // namespace kinetd::ctl
