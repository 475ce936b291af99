// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <memory>

#include "kinetctl/change.hpp"
#include "kinetctl/verb.hpp"
#include "tree/key.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl set tcp_echo port=7007                      move it; open connections stay
  kinetctl set tcp_echo address=:: port=7              all addresses, IPv4 and IPv6
  kinetctl set tcp_echo max_connections=100 idle_timeout_ms=60000
  kinetctl set udp_echo rate_limit_pps=1000            answers a second to one source
  kinetctl set public enabled=1                        bind and serve; 0 ends connections
  kinetctl set pool default threads=4 cpus=0-3
  kinetctl set probe running=1                         start a client

All or nothing: where one setting is refused, those before it are put back.
Settings of a service:
)";

std::string footer() {
    std::string text = examples;
    for (const auto &key : tree::known_keys())
        if (!key.about.empty())
            text += fmt::format("  {:<15}  {}\n", key.name, key.about);
    return text + "A protocol may have more: kinetctl show NAME lists all.";
}

int set(Session &session, std::vector<std::string> words) {
    const auto tree = session.tree();
    const auto target = take_target(tree, words, false);
    if (!target)
        return session.fail(target.error());
    const auto settings = parse_settings(words);
    if (!settings)
        return session.fail(settings.error());
    if (settings->empty())
        return session.fail(exit_usage, "set what? Write key=value after " + target->name +
                                            "; kinetctl show " + target->name + " lists the keys");
    return change(session, tree, *target, *settings);
}

} // namespace

void add_set(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("set", "Change settings, also while it serves");
    auto words = std::make_shared<std::vector<std::string>>();
    verb->add_option("NAME", *words, "[service|pool|client] NAME key=value...")
        ->type_name("")
        ->required();
    verb->footer(footer());
    verb->callback([&session, words] { session.status = set(session, *words); });
}

} // namespace kinetd::ctl
