// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <tuple>

#include "kinetctl/table.hpp"

namespace kinetd::ctl {

namespace {

/// Takes a word of "key=value" or a state.
void take_word(Connection &connection, const std::string &word) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) {
        connection.states.push_back(word);
        return;
    }
    const auto key = word.substr(0, equals);
    std::uint64_t number = 0;
    (void)std::from_chars(word.data() + equals + 1, word.data() + word.size(), number);
    if (key == "worker")
        connection.worker = word.substr(equals + 1);
    else if (key == "age_ms")
        connection.age_ms = number;
    else if (key == "idle_ms")
        connection.idle_ms = number;
    else if (key == "received")
        connection.received = number;
    else if (key == "sent")
        connection.sent = number;
}

bool begins_with(const std::string &text, const std::string &prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

bool is_chosen(const Connection &connection, const Choice &choice) {
    const auto &states = connection.states;
    return (choice.service.empty() || connection.service == choice.service) &&
           begins_with(connection.peer, choice.peer) &&
           (choice.worker.empty() || connection.worker == choice.worker ||
            begins_with(connection.worker, choice.worker + "/")) &&
           (choice.state.empty() ||
            std::find(states.begin(), states.end(), choice.state) != states.end()) &&
           connection.idle_ms >= choice.idle_ms;
}

/// Text in its order, numbers the other way round; then by service and peer.
auto rank_of(const Connection &connection, const std::string &sort) {
    const std::uint64_t number = sort == "age"        ? connection.age_ms
                                 : sort == "idle"     ? connection.idle_ms
                                 : sort == "received" ? connection.received
                                 : sort == "sent"     ? connection.sent
                                                      : 0;
    const auto &text = sort == "peer"     ? connection.peer
                       : sort == "worker" ? connection.worker
                                          : connection.service;
    return std::tuple(~number, number != 0 ? std::string() : text, connection.service,
                      connection.peer);
}

} // namespace

std::string Connection::state() const {
    return states.empty() ? "-" : fmt::format("{}", fmt::join(states, ","));
}

std::optional<Connection> parse_connection(const std::string &line) {
    std::istringstream words(line);
    Connection connection;
    if (!(words >> connection.service >> connection.local >> connection.peer))
        return std::nullopt;
    for (std::string word; words >> word;)
        take_word(connection, word);
    if (connection.worker.empty())
        return std::nullopt;
    return connection;
}

std::vector<Connection> parse_connections(const std::string &text) {
    std::vector<Connection> connections;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (auto connection = parse_connection(line))
            connections.push_back(*std::move(connection));
    return connections;
}

const std::vector<std::string> &sort_keys() {
    static const std::vector<std::string> keys{"service", "peer",     "worker", "age",
                                               "idle",    "received", "sent"};
    return keys;
}

std::vector<Connection> choose(std::vector<Connection> connections, const Choice &choice) {
    const auto rest = std::remove_if(connections.begin(), connections.end(),
                                     [&](const Connection &c) { return !is_chosen(c, choice); });
    connections.erase(rest, connections.end());
    std::stable_sort(connections.begin(), connections.end(),
                     [&](const Connection &a, const Connection &b) {
                         return rank_of(a, choice.sort) < rank_of(b, choice.sort);
                     });
    if (choice.reverse)
        std::reverse(connections.begin(), connections.end());
    if (choice.limit != 0 && connections.size() > choice.limit)
        connections.resize(choice.limit);
    return connections;
}

std::string connections_text(const std::vector<Connection> &connections) {
    Table table(
        {"SERVICE", "PEER", "LOCAL", "WORKER", ">AGE", ">IDLE", ">RECEIVED", ">SENT", "STATE"});
    for (const auto &c : connections)
        table.add({c.service, c.peer, c.local, c.worker, duration_text(c.age_ms),
                   duration_text(c.idle_ms), short_number(static_cast<double>(c.received)),
                   short_number(static_cast<double>(c.sent)), c.state()});
    return table.text();
}

Json to_json(const Connection &connection) {
    return {{"service", connection.service},
            {"local", connection.local},
            {"peer", connection.peer},
            {"worker", connection.worker},
            {"age_ms", connection.age_ms},
            {"idle_ms", connection.idle_ms},
            {"bytes_received", connection.received},
            {"bytes_sent", connection.sent},
            {"states", connection.states}};
}

std::string duration_text(std::uint64_t milliseconds) {
    const auto seconds = milliseconds / 1000;
    if (seconds == 0)
        return fmt::format("{}ms", milliseconds);
    if (seconds < 60)
        return fmt::format("{}.{}s", seconds, milliseconds / 100 % 10);
    if (seconds < 3600)
        return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    if (seconds < 86400)
        return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

} // namespace kinetd::ctl
