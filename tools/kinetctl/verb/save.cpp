// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <memory>

#include "config/document.hpp"
#include "config/machine.hpp"
#include "config/replace_file.hpp"
#include "kinetctl/module.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl save                                print the configuration that is in force
  kinetctl save /etc/kinetd/kinetd.toml        keep it, and have it at each boot:
  systemctl enable kinetd
  kinetctl apply /etc/kinetd/kinetd.toml       bring it back

Pools and services are written, with what is not as it is by itself. Clients, counters and
services of other network namespaces are not. The file is replaced whole or not at all.)";

int save(Session &session, const std::string &file) {
    const auto users = users_of(core_module);
    const auto snapshot = session.tree().read_snapshot();
    if (!snapshot)
        return session.fail(snapshot.error());
    const auto machine = config::read_machine();
    const auto state = config::state_of(*snapshot, {users.begin(), users.end()});
    const auto text = config::print(config::config_of(state, machine));
    if (!text)
        return session.fail(exit_refused, text.error().text);
    for (const auto &[name, service] : state.services)
        if (service.netns != machine.netns)
            session.err << fmt::format("kinetctl: service {} of network namespace {} is left out\n",
                                       name, service.netns);
    if (file.empty()) {
        session.out << *text;
        return exit_done;
    }
    const auto status = config::replace_file(file, *text);
    if (!status)
        return session.fail(exit_refused, fmt::format("{}: nothing is saved; name a file in a "
                                                      "folder that you may write to",
                                                      status.error().text()));
    return exit_done;
}

} // namespace

void add_save(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("save", "Write the configuration in force to a file");
    auto file = std::make_shared<std::string>();
    verb->add_option("FILE", *file, "Where to; printed where it is left out");
    verb->footer(examples);
    verb->callback([&session, file] { session.status = save(session, *file); });
}

} // namespace kinetd::ctl
