// SPDX-License-Identifier: GPL-2.0
#include <memory>

#include "kinetctl/change.hpp"
#include "kinetctl/verb.hpp"

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
  enabled            1 serves, 0 stops and closes its connections
  address, port      where it listens
  pool               whose threads serve connections from now on
  backlog            connections that may wait to be accepted
  max_connections    at a time, 0 is no limit
  max_per_source     at a time from one IPv4 address or IPv6 /64, 0 is no limit
  idle_timeout_ms    closes what is idle for so long, 0 never
  send_timeout_ms    resets a peer that takes nothing for so long, 0 never
  min_source_port    udp: no answer to a port below it
  rate_limit_pps     udp: answers a second to one source, 0 is no limit
A protocol may have more: kinetctl show NAME lists all.)";

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
    verb->footer(examples);
    verb->callback([&session, words] { session.status = set(session, *words); });
}

} // namespace kinetd::ctl
