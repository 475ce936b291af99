// SPDX-License-Identifier: GPL-2.0
#include <memory>

#include "kinetctl/json.hpp"
#include "kinetctl/overview.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl status                                    everything on one screen
  kinetctl status --json | jq '.services[].port'     the same for programs

RECEIVED and SENT are bytes; LOST counts connections refused, datagrams dropped and errors.)";

int status(Session &session, bool as_json) {
    const auto snapshot = session.tree().read_snapshot();
    if (!snapshot)
        return session.fail(snapshot.error());
    session.out << (as_json ? print(to_json(*snapshot)) : overview(*snapshot));
    return exit_done;
}

} // namespace

void add_status(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("status", "What is loaded, what serves where");
    auto as_json = std::make_shared<bool>(false);
    verb->add_flag("--json", *as_json, "Print JSON");
    verb->footer(examples);
    verb->callback([&session, as_json] { session.status = status(session, *as_json); });
}

} // namespace kinetd::ctl
