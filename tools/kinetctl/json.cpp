// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace kinetd::ctl {

namespace {

constexpr std::array<std::string_view, 18> numbers{"netns",
                                                   "default_port",
                                                   "port",
                                                   "backlog",
                                                   "max_connections",
                                                   "max_per_source",
                                                   "idle_timeout_ms",
                                                   "send_timeout_ms",
                                                   "min_source_port",
                                                   "rate_limit_pps",
                                                   "target_port",
                                                   "threads",
                                                   "nice",
                                                   "busy_poll_us",
                                                   "payload_bytes",
                                                   "interval_us",
                                                   "count",
                                                   "timeout_ms"};

Json value_of(const tree::Attribute &attribute) {
    if (attribute.key == "enabled" || attribute.key == "running")
        return attribute.value == "1";
    if (std::find(numbers.begin(), numbers.end(), attribute.key) == numbers.end())
        return attribute.value;
    std::int64_t number = 0;
    const auto *end = attribute.value.data() + attribute.value.size();
    const auto [rest, problem] = std::from_chars(attribute.value.data(), end, number);
    return problem == std::errc() && rest == end ? Json(number) : Json(attribute.value);
}

} // namespace

Json to_json(const tree::Object &object) {
    Json json{{"name", object.name}};
    for (const auto &attribute : object.attributes)
        json[attribute.key] = value_of(attribute);
    for (const auto &[counter, value] : object.stats)
        json["stats"][counter] = value;
    return json;
}

Json to_json(const tree::Snapshot &snapshot) {
    Json json{{"version", snapshot.version}};
    for (const auto kind :
         {tree::Kind::protocol, tree::Kind::service, tree::Kind::pool, tree::Kind::client}) {
        auto &list = json[folder_of(kind)] = Json::array();
        for (const auto &object : snapshot.of(kind))
            list.push_back(to_json(object));
    }
    return json;
}

std::string print(const Json &json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace kinetd::ctl
