// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/verb.hpp"

#include <fmt/format.h>

#include "base/version.hpp"
#include "config/problem.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *about = "Control, watch and measure kinetd, the server inside the kernel.";

constexpr const char *first_steps = R"(
First steps, as root:
  kinetctl load tcp_echo port=5555          load the echo service
  kinetctl status                           see what serves where
  kinetctl set tcp_echo port=7007           move it, while clients are connected
  kinetctl top                              watch it, q quits
  kinetctl set tcp_echo max_connections=100 max_per_source=10    limit it
  kinetctl save /etc/kinetd/kinetd.toml     keep all settings; apply brings them back
  kinetctl unload tcp_echo                  end it, clients or not

kinetctl VERB --help has examples for each.
Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 kinetd is not loaded,
4 no such object, 5 needs root, 6 apply --dry-run would change something.)";

/// The innermost verb that was named, or the program; adds their names to the line.
const CLI::App &named(const CLI::App &program, std::string &line) {
    const auto *app = &program;
    while (!app->get_subcommands().empty()) {
        app = app->get_subcommands().front();
        line += " " + app->get_name();
    }
    return *app;
}

/// What stands where a verb, or after some verbs a kind, must.
std::string no_verb(const CLI::App &program, const CLI::App &app) {
    std::vector<std::string> names;
    for (const auto *verb : app.get_subcommands([](const CLI::App *) { return true; }))
        names.push_back(verb->get_name());
    const auto known = fmt::format("{} takes one of {}", app.get_name(), fmt::join(names, ", "));
    const auto words = program.remaining(true);
    return words.empty() ? known
                         : fmt::format("'{}' is unknown{}: {}", words.front(),
                                       config::did_you_mean(words.front(), names), known);
}

/// Prints the help that was asked for, or in one line what is wrong with the command line.
int end_parsing(const CLI::App &program, const CLI::ParseError &error, Session &session) {
    if (error.get_exit_code() == 0) {
        (void)program.exit(error, session.out, session.err);
        return exit_done;
    }
    std::string line = "kinetctl";
    const auto &app = named(program, line);
    const bool lacks_verb = app.get_subcommands().empty() && app.get_require_subcommand_min() > 0;
    const std::string what = lacks_verb ? no_verb(program, app) : error.what();
    return session.fail(exit_usage, what + "; " + line + " --help has examples");
}

/// Reads the command line and lets its verb work.
int obey(int argc, const char *const *argv, Session &session) {
    CLI::App program(about, "kinetctl");
    program.footer(first_steps);
    program.require_subcommand(1);
    program.set_version_flag("--version", std::string("kinetctl ") + version, "Print the version");
    program.add_option("--sysfs", session.root, "Where kinetd's files are")
        ->envname("KINETD_SYSFS")
        ->capture_default_str()
        ->type_name("FOLDER");
    for (const auto add : verbs())
        add(program, session);
    for (auto *verb : program.get_subcommands([](const CLI::App *) { return true; }))
        verb->fallthrough();
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return end_parsing(program, error, session);
    }
    return session.status;
}

} // namespace

const std::vector<AddVerb> &verbs() {
    static const std::vector<AddVerb> all{
        add_status, add_show, add_set,         add_add,   add_del, add_load,   add_unload,
        add_apply,  add_save, add_connections, add_stats, add_top, add_metrics};
    return all;
}

int run(int argc, const char *const *argv, Session &session) {
    const int status = obey(argc, argv, session);
    if (session.out.flush())
        return status;
    return session.fail(exit_refused, "not all of the output could be written: is there space "
                                      "left where it goes?");
}

} // namespace kinetd::ctl
