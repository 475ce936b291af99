// SPDX-License-Identifier: GPL-2.0
/// \file
/// Whether the parts of a configuration fit together.
#include <fmt/format.h>

#include "config/document.hpp"
#include "config/protocol.hpp"

namespace kinetd::config {

namespace {

struct Place {
    std::string service;
    Endpoint endpoint;
};

int line_of_place(const Lines &lines, const std::string &service) {
    const auto object = "services." + service;
    const int port = lines.of(object + ".port");
    return port != lines.of(object) ? port : lines.of(object + ".address");
}

void check_pool(const Document &document, const std::string &name, const Service &service,
                std::vector<Problem> &problems) {
    const auto pool = get(service.settings, "pool");
    if (pool == "default" || document.config.pools.count(pool) != 0)
        return;
    problems.push_back(
        {document.lines.of("services." + name + ".pool"),
         fmt::format("services.{}: pool = \"{}\" is not in this file; add [pools.{}], or take "
                     "\"default\"",
                     name, pool, pool)});
}

void check_place(const Document &document, const Place &place, const std::vector<Place> &others,
                 std::vector<Problem> &problems) {
    for (const auto &other : others) {
        if (!place.endpoint.overlaps(other.endpoint))
            continue;
        auto first = line_of_place(document.lines, other.service);
        auto second = line_of_place(document.lines, place.service);
        const bool in_order = first <= second;
        const auto &late = in_order ? place : other;
        const auto &early = in_order ? other : place;
        if (!in_order)
            std::swap(first, second);
        problems.push_back(
            {second, fmt::format("services.{}: {} is in the way of services.{} (line {}), {}; give "
                                 "one another port, or enabled = false",
                                 late.service, late.endpoint.text(), early.service, first,
                                 early.endpoint.text())});
        return;
    }
}

} // namespace

void check_together(const Document &document, std::vector<Problem> &problems) {
    std::vector<Place> places;
    for (const auto &[name, service] : document.config.services) {
        check_pool(document, name, service, problems);
        const auto *protocol = find_protocol(service.protocol);
        if (protocol == nullptr || !service.enabled())
            continue;
        if (const auto endpoint = endpoint_of(service.settings, protocol->udp)) {
            check_place(document, {name, *endpoint}, places, problems);
            places.push_back({name, *endpoint});
        }
    }
}

} // namespace kinetd::config
