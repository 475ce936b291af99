// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "kinetctl/json.hpp"
#include "kinetctl/number.hpp"
#include "kinetctl/sample.hpp"
#include "kinetctl/table.hpp"
#include "kinetctl/target.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl stats                         counters of all services and clients
  kinetctl stats tcp_echo                of one, every counter
  kinetctl stats client probe --watch    of a client, where a service has that name, too
  kinetctl stats --watch                 what happens a second, again and again
  kinetctl stats tcp_echo --watch 5 --count 12 --json    an object a line, a minute long

Needs no root. A service or module that goes is waited for.)";

struct Options {
    std::vector<std::string> words;
    double interval = 0; ///< 0: no watching
    unsigned count = 0;
    bool as_json = false;
};

/// One service or client; all where there is none.
using Only = std::optional<Target>;

void narrow(tree::Snapshot &snapshot, const Only &only) {
    const auto is_other = [&](const tree::Object &object) {
        return only && (object.kind != only->kind || object.name != only->name);
    };
    std::erase_if(snapshot.services, is_other);
    std::erase_if(snapshot.clients, is_other);
}

std::string counters_text(const std::vector<tree::Object> &objects, const char *head) {
    if (objects.empty())
        return "";
    std::vector<std::string> heads{head};
    for (const auto &object : objects)
        heads.push_back(">" + object.name);
    Table table(heads);
    for (const auto &[counter, value] : objects.front().stats) {
        std::vector<std::string> row{counter};
        for (const auto &object : objects)
            row.push_back(std::to_string(object.stat(counter)));
        table.add(std::move(row));
    }
    return table.text();
}

Json counters_json(const tree::Snapshot &snapshot) {
    Json json = Json::object();
    for (const auto kind : {tree::Kind::service, tree::Kind::client}) {
        auto &group = json[folder_of(kind)] = Json::object();
        for (const auto &object : snapshot.of(kind))
            group[object.name] = to_json(object)["stats"];
    }
    return json;
}

std::string services_text(const Rates &rates) {
    Table table({"SERVICE", ">ACTIVE", ">NEW/s", ">IN B/s", ">OUT B/s", ">LOST/s"});
    for (const auto &service : rates.services)
        table.add({service.name, service.is_udp ? "-" : std::to_string(service.active),
                   short_number(service.arrivals), short_number(service.received),
                   short_number(service.sent), short_number(service.lost)});
    return table.text();
}

std::string clients_text(const Rates &rates) {
    Table table({"CLIENT", ">SENT/s", ">RECEIVED/s", ">MISMATCHED/s", ">LOST/s", ">ERRORS/s"});
    for (const auto &client : rates.clients)
        table.add({client.name, short_number(client.sent), short_number(client.received),
                   short_number(client.mismatched), short_number(client.lost),
                   short_number(client.errors)});
    return table.text();
}

/// What is waited for has a table, too.
std::string rates_text(const Rates &rates, const Only &only) {
    if (only)
        return only->kind == tree::Kind::client ? clients_text(rates) : services_text(rates);
    return services_text(rates) + (rates.clients.empty() ? "" : "\n" + clients_text(rates));
}

Json rates_json(const Rates &rates) {
    Json json{
        {"seconds", rates.seconds}, {"services", Json::object()}, {"clients", Json::object()}};
    for (const auto &service : rates.services)
        json["services"][service.name] = {{"connections_active", service.active},
                                          {"arrivals_per_second", service.arrivals},
                                          {"bytes_received_per_second", service.received},
                                          {"bytes_sent_per_second", service.sent},
                                          {"lost_per_second", service.lost}};
    for (const auto &client : rates.clients)
        json["clients"][client.name] = {{"sent_per_second", client.sent},
                                        {"received_per_second", client.received},
                                        {"mismatched_per_second", client.mismatched},
                                        {"lost_per_second", client.lost},
                                        {"errors_per_second", client.errors}};
    return json;
}

int watch(Session &session, const Options &options, const Only &only) {
    const auto interval = std::chrono::duration<double>(options.interval);
    auto next = std::chrono::steady_clock::now();
    auto before = take_sample(session.tree());
    for (unsigned round = 0; options.count == 0 || round < options.count; round++) {
        next += std::chrono::duration_cast<std::chrono::steady_clock::duration>(interval);
        std::this_thread::sleep_until(next);
        auto after = take_sample(session.tree());
        narrow(after.snapshot, only);
        const auto rates = rates_between(before, after);
        if (options.as_json)
            session.out << print(rates_json(rates), -1);
        else
            session.out << (after.loaded ? rates_text(rates, only) : "kinetd is not loaded\n");
        // Whoever reads has gone; run() says so.
        if (!session.out.flush())
            return exit_refused;
        before = std::move(after);
    }
    return exit_done;
}

int once(Session &session, const Options &options, const Only &only) {
    auto snapshot = session.tree().read_snapshot();
    if (!snapshot)
        return session.fail(snapshot.error());
    narrow(*snapshot, only);
    if (options.as_json)
        session.out << print(counters_json(*snapshot));
    else if (snapshot->services.empty() && snapshot->clients.empty())
        session.out << "no service has counters: kinetctl load tcp_echo\n";
    else
        session.out << counters_text(snapshot->services, "SERVICE")
                    << (snapshot->services.empty() || snapshot->clients.empty() ? "" : "\n")
                    << counters_text(snapshot->clients, "CLIENT");
    return exit_done;
}

int stats(Session &session, const Options &options) {
    Only only;
    if (!options.words.empty()) {
        auto words = options.words;
        const auto target = take_target(session.tree(), words, false);
        if (!target)
            return session.fail(target.error());
        const bool counts =
            target->kind == tree::Kind::service || target->kind == tree::Kind::client;
        if (!counts || !words.empty())
            return session.fail(exit_usage, "stats takes one service or client");
        only = *target;
    }
    if (!session.tree().present())
        return session.fail({ENOENT, "version"});
    return options.interval > 0 ? watch(session, options, only) : once(session, options, only);
}

/// What follows --watch: seconds, or NAME already.
void set(Options &options, const std::string &word) {
    options.interval = 1;
    if (word.find_first_not_of("0123456789.") != std::string::npos)
        return options.words.push_back(word);
    if (word.empty())
        return;
    if (const auto problem = number("number of seconds", 0.01, 86400.0)(word); !problem.empty())
        throw CLI::ValidationError("--watch", problem);
    options.interval = *parse_number<double>(word);
}

} // namespace

void add_stats(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("stats", "Counters, or with --watch what happens a second");
    auto options = std::make_shared<Options>();
    verb->add_option("NAME", options->words, "[service|client] NAME; all where left out")
        ->type_name("");
    // Called after NAME's words are there, which is defined before it.
    auto *interval = verb->add_option_function<std::string>(
                             "--watch", [options](const std::string &word) { set(*options, word); },
                             "Every second, or so many")
                         ->expected(0, 1)
                         ->default_str("1")
                         ->type_name("SECONDS");
    verb->add_option("--count", options->count, "End after so many times; 0 is never")
        ->transform(number<unsigned>("whole number"))
        ->needs(interval)
        ->type_name("N");
    verb->add_flag("--json", options->as_json, "Print JSON; with --watch an object a line");
    verb->footer(examples);
    verb->callback([&session, options] { session.status = stats(session, *options); });
}

} // namespace kinetd::ctl
