// SPDX-License-Identifier: GPL-2.0
#include <cstdlib>
#include <memory>

#include "kinetctl/connection.hpp"
#include "kinetctl/number.hpp"
#include "kinetctl/verb.hpp"
#include "tree/file.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl connections                              all, by service
  kinetctl connections tcp_echo --sort received     who sends most
  kinetctl connections --idle 60 --sort idle        idle for a minute or longer
  kinetctl connections --peer 192.0.2. --limit 20
  kinetctl connections --state blocked              whose peers take nothing
  kinetctl connections --json

Needs root, and debugfs. blocked: the send queue is full; finishing: all is sent, the
peer has yet to acknowledge it. Datagram services have no connections.)";

struct Options {
    Choice choice;
    double idle_seconds = 0;
    std::string debugfs = "/sys/kernel/debug";
    bool as_json = false;
};

int fail_to_read(Session &session, const Options &options, const tree::Error &error) {
    if (error.code == EACCES || error.code == EPERM)
        return session.fail(exit_no_privilege, "only root may read debugfs: run it with sudo");
    if (!session.tree().present())
        return session.fail({ENOENT, "version"});
    if (tree::list_folder(options.debugfs).empty())
        return session.fail(exit_refused,
                            "debugfs is not mounted: mount -t debugfs none " + options.debugfs);
    return session.fail(exit_refused, error.text());
}

int connections(Session &session, Options options) {
    const auto text = tree::read_file(options.debugfs + "/kinetd/connections");
    if (!text)
        return fail_to_read(session, options, text.error());
    const auto &service = options.choice.service;
    if (!service.empty() && !session.tree().exists(tree::Kind::service, service))
        return session.fail({ENOENT, tree::Tree::path_of(tree::Kind::service, service)});
    options.choice.idle_ms = static_cast<std::uint64_t>(options.idle_seconds * 1000);
    const auto chosen = choose(parse_connections(*text), options.choice);
    if (!options.as_json) {
        session.out << connections_text(chosen);
        return exit_done;
    }
    auto json = Json::array();
    for (const auto &connection : chosen)
        json.push_back(to_json(connection));
    session.out << print(json);
    return exit_done;
}

} // namespace

void add_connections(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("connections", "Who is connected");
    auto options = std::make_shared<Options>();
    auto &choice = options->choice;
    verb->add_option("SERVICE", choice.service, "Of this service only")->type_name("");
    verb->add_option("--peer", choice.peer, "Whose address begins so")->type_name("PREFIX");
    verb->add_option("--worker", choice.worker, "Of this worker or pool")->type_name("NAME");
    verb->add_option("--state", choice.state, "In this state")
        ->check(CLI::IsMember({"blocked", "finishing"}));
    verb->add_option("--idle", options->idle_seconds, "Idle for at least so long")
        ->transform(number("number of seconds", 0.0, 1e9))
        ->type_name("SECONDS");
    verb->add_option("--sort", choice.sort, "In which order")
        ->check(CLI::IsMember(sort_keys()))
        ->capture_default_str();
    verb->add_flag("--reverse", choice.reverse, "The other way round");
    verb->add_option("--limit", choice.limit, "No more than so many; 0 is all")
        ->transform(number<unsigned>("whole number"))
        ->type_name("N");
    verb->add_flag("--json", options->as_json, "Print JSON");
    verb->add_option("--debugfs", options->debugfs, "Where debugfs is")
        ->envname("KINETD_DEBUGFS")
        ->type_name("FOLDER");
    verb->footer(examples);
    verb->callback([&session, options] { session.status = connections(session, *options); });
}

} // namespace kinetd::ctl
