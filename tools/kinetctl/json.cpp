// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/json.hpp"

#include <charconv>
#include <cstdint>

#include "tree/key.hpp"

namespace kinetd::ctl {

namespace {

Json value_of(const tree::Attribute &attribute) {
    const auto *key = tree::find_key(attribute.key);
    if (key == nullptr || key->type == tree::Type::text)
        return attribute.value;
    if (key->type == tree::Type::flag)
        return attribute.value == "1";
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
