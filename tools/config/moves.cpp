// SPDX-License-Identifier: GPL-2.0
/// \file
/// Services that listen and go to another place. A move is one write for the address and one for
/// the port, and closes no connection; but each place on the way must be free. So who goes into
/// another's place waits until that one has left. Where all wait for each other, one makes room: it
/// takes a port in between that nobody has, or, where there is none, is disabled meanwhile.
#include <fmt/format.h>

#include <algorithm>

#include "config/planner.hpp"

namespace kinetd::config {

bool Planner::is_free(const std::string &name, const Endpoint &place) const {
    return now_.holder(place, machine_.netns, name).empty();
}

/// Writes the wanted values of these keys, in this order.
void Planner::emit_move(const std::string &name, const std::vector<std::string> &keys,
                        bool either_way) {
    auto &now = now_.services.at(name).settings;
    const auto &wanted = wanted_.services.at(name).settings;
    Step step{"services." + name + "." + keys.front()};
    step.either_way = either_way;
    for (const auto &key : keys) {
        step.writes.push_back(write_setting("services/" + name, now, key, wanted.at(key)));
        now[key] = wanted.at(key);
    }
    plan.steps.push_back(std::move(step));
}

/// False where something is in the way.
bool Planner::move(const std::string &name, const Endpoint &to) {
    const auto from = *now_.endpoint(name);
    if (!is_free(name, to))
        return false;
    if (from.address == to.address || from.port == to.port) {
        emit_move(name, {from.port == to.port ? "address" : "port"}, false);
        return true;
    }
    const bool address_first = is_free(name, {to.udp, to.address, from.port});
    const bool port_first = is_free(name, {to.udp, from.address, to.port});
    if (address_first)
        emit_move(name, {"address", "port"}, port_first);
    else if (port_first)
        emit_move(name, {"port", "address"}, false);
    return address_first || port_first;
}

bool Planner::park(const std::string &name) {
    const auto from = *now_.endpoint(name);
    const auto port = free_port_ ? free_port_(from) : std::nullopt;
    if (!port || !is_free(name, {from.udp, from.address, *port}))
        return false;
    auto &now = now_.services.at(name).settings;
    const auto value = std::to_string(*port);
    plan.changes.push_back({Sign::change, "services." + name + ".port", std::to_string(from.port),
                            value,
                            "for a moment, while another leaves its place; connections stay"});
    plan.steps.push_back({"services." + name + ".port",
                          "",
                          {write_setting("services/" + name, now, "port", value)}});
    now["port"] = value;
    return true;
}

/// Takes the place of a service away from it, until start_services().
void Planner::lay_down(const std::string &name) {
    plan.changes.push_back({Sign::change, "services." + name + ".enabled", "1", "0",
                            "for a moment, since no port is free in between; closes its "
                            "connections"});
    set_service(name, "enabled", "0");
    for (const auto *key : {"address", "port"})
        set_service(name, key, wanted_.services.at(name).settings.at(key));
}

/// Lets one of those that wait make room, best one that another waits for.
void Planner::unblock(std::vector<std::string> &pending, std::set<std::string> &parked) {
    const auto is_waited_for = [&](const std::string &name) {
        const auto place = *now_.endpoint(name);
        return parked.count(name) == 0 &&
               std::any_of(pending.begin(), pending.end(), [&](const std::string &other) {
                   return other != name && wanted_place(other)->overlaps(place);
               });
    };
    auto chosen = std::find_if(pending.begin(), pending.end(), is_waited_for);
    if (chosen == pending.end())
        chosen = std::find_if(pending.begin(), pending.end(),
                              [&](const std::string &name) { return parked.count(name) == 0; });
    if (chosen != pending.end() && park(*chosen)) {
        parked.insert(*chosen);
        return;
    }
    if (chosen == pending.end())
        chosen = pending.begin();
    lay_down(*chosen);
    pending.erase(chosen);
}

void Planner::move_services() {
    std::vector<std::string> pending;
    std::set<std::string> parked;
    for (const auto &[name, service] : wanted_.services) {
        const auto from = now_.endpoint(name);
        const auto to = wanted_place(name);
        if (from && to && (!(from->address == to->address) || from->port != to->port))
            pending.push_back(name);
    }
    while (!pending.empty()) {
        const auto before = pending.size();
        pending.erase(std::remove_if(
                          pending.begin(), pending.end(),
                          [&](const std::string &name) { return move(name, *wanted_place(name)); }),
                      pending.end());
        if (pending.size() == before)
            unblock(pending, parked);
    }
}

} // namespace kinetd::config
