// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/overview.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kinetctl/table.hpp"

namespace kinetd::ctl {

namespace {

using tree::Kind;
using tree::Object;
using tree::Snapshot;

std::size_t users_of(const Snapshot &snapshot, const char *key, const std::string &name) {
    return static_cast<std::size_t>(
        std::count_if(snapshot.services.begin(), snapshot.services.end(),
                      [&](const Object &service) { return service.get(key) == name; }));
}

std::string protocols_text(const Snapshot &snapshot) {
    Table table({"PROTOCOL", "TRANSPORT", ">DEFAULT PORT", ">SERVICES"});
    for (const auto &protocol : snapshot.protocols)
        table.add({protocol.name, protocol.get("transport"), protocol.get("default_port"),
                   std::to_string(users_of(snapshot, "protocol", protocol.name))});
    return table.empty() ? "No protocol is loaded: kinetctl load tcp_echo\n" : table.text();
}

std::string services_text(const Snapshot &snapshot) {
    Table table({"SERVICE", "PROTOCOL", "LISTENS ON", "STATE", "POOL", ">ACTIVE", ">RECEIVED",
                 ">SENT", ">LOST"});
    for (const auto &service : snapshot.services) {
        const bool is_udp = snapshot.transport_of(service) == "udp";
        const auto number = [&](const char *counter) {
            return short_number(static_cast<double>(service.stat(counter)));
        };
        table.add({service.name, service.get("protocol"), place_of(service),
                   service.get("enabled") == "1" ? "up" : "down", service.get("pool"),
                   is_udp ? "-" : number("connections_active"), number("bytes_received"),
                   number("bytes_sent"), short_number(static_cast<double>(lost_by(service)))});
    }
    return table.empty() ? "No service: kinetctl add service NAME PROTOCOL\n" : table.text();
}

std::string pools_text(const Snapshot &snapshot) {
    Table table({"POOL", ">THREADS", "CPUS", ">NICE", ">SERVICES"});
    for (const auto &pool : snapshot.pools)
        table.add({pool.name, pool.get("threads"), pool.get("cpus"), pool.get("nice"),
                   std::to_string(users_of(snapshot, "pool", pool.name))});
    return table.text();
}

std::string clients_text(const Snapshot &snapshot) {
    Table table(
        {"CLIENT", "SENDS TO", "STATE", ">SENT", ">RECEIVED", ">LOST", ">RTT p50 us", ">p99 us"});
    const auto microseconds = [](const Object &client, const char *counter) {
        return fmt::format("{:.1f}", static_cast<double>(client.stat(counter)) / 1000);
    };
    for (const auto &client : snapshot.clients)
        table.add({client.name, client.get("transport") + " " + place_of(client),
                   client.get("running") == "1" ? "running" : "stopped",
                   std::to_string(client.stat("sent")), std::to_string(client.stat("received")),
                   std::to_string(client.stat("lost")), microseconds(client, "rtt_p50_ns"),
                   microseconds(client, "rtt_p99_ns")});
    return table.empty() ? "No client: kinetctl add client NAME\n" : table.text();
}

/// Who depends on an object: services of a protocol or a pool.
std::string users_text(const Snapshot &snapshot, const Object &object) {
    std::vector<std::string> names;
    for (const auto &service : snapshot.services)
        if (service.get(name_of(object.kind)) == object.name)
            names.push_back(service.name);
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

} // namespace

std::string overview(const Snapshot &snapshot) {
    auto text = fmt::format("kinetd {}\n\n{}\n{}\n{}", snapshot.version, protocols_text(snapshot),
                            services_text(snapshot), pools_text(snapshot));
    if (snapshot.has_clients)
        text += "\n" + clients_text(snapshot);
    return text;
}

std::string detail(const Snapshot &snapshot, const Object &object) {
    std::size_t width = 8; // "services"
    for (const auto &attribute : object.attributes)
        width = std::max(width, attribute.key.size());
    for (const auto &[counter, value] : object.stats)
        width = std::max(width, counter.size());

    auto text = fmt::format("{} {}\n", name_of(object.kind), object.name);
    for (const auto &attribute : object.attributes)
        text += fmt::format("  {:<{}}  {}{}\n", attribute.key, width, attribute.value,
                            attribute.writable ? "" : "  (read-only)");
    if (object.kind == Kind::protocol || object.kind == Kind::pool)
        text += fmt::format("  {:<{}}  {}\n", "services", width, users_text(snapshot, object));
    if (!object.stats.empty())
        text += "counters\n";
    for (const auto &[counter, value] : object.stats)
        text += fmt::format("  {:<{}}  {}\n", counter, width, value);
    return text;
}

} // namespace kinetd::ctl
