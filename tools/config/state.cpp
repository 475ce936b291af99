// SPDX-License-Identifier: GPL-2.0
#include "config/state.hpp"

#include <algorithm>

#include "config/key.hpp"

namespace kinetd::config {

namespace {

Settings settings_of(const tree::Object &object, std::span<const Key> keys) {
    Settings settings;
    for (const auto &attribute : object.attributes) {
        const auto *key = find_key(keys, attribute.key);
        if (attribute.writable)
            settings[attribute.key] =
                key != nullptr ? canonical(*key, attribute.value) : attribute.value;
    }
    return settings;
}

/// What a file would say of it: of our own protocols only what means something to them.
Settings kept(const LiveService &service, const Machine &machine) {
    const auto *protocol = find_protocol(service.protocol);
    if (protocol == nullptr)
        return service.settings;
    Settings settings;
    for (const auto &key : service_keys()) {
        const auto found = service.settings.find(std::string(key.name));
        if (found == service.settings.end() || !applies(key, *protocol))
            continue;
        const auto standard = standard_of(key, *protocol);
        const bool clamped = key.name == "backlog" && std::stoul(standard) > machine.backlog_most &&
                             found->second == std::to_string(machine.backlog_most);
        settings[found->first] = clamped ? standard : found->second;
    }
    return settings;
}

} // namespace

std::optional<Endpoint> State::endpoint(const std::string &service) const {
    const auto found = services.find(service);
    if (found == services.end() || !found->second.enabled())
        return std::nullopt;
    const auto protocol = protocols.find(found->second.protocol);
    return endpoint_of(found->second.settings, protocol != protocols.end() && protocol->second);
}

std::string State::holder(const Endpoint &place, const std::string &netns,
                          const std::string &except) const {
    for (const auto &[name, service] : services) {
        const auto other = endpoint(name);
        if (other && name != except && service.netns == netns && other->overlaps(place))
            return name;
    }
    return "";
}

Settings settings_of_new(const Protocol &protocol) {
    Settings settings;
    for (const auto &key : service_keys())
        if (applies(key, protocol))
            settings.emplace(key.name, standard_of(key, protocol));
    settings.insert_or_assign("enabled", "0");
    return settings;
}

State state_of(const tree::Snapshot &snapshot, std::set<std::string> modules) {
    State state;
    state.loaded = !snapshot.version.empty();
    state.modules = std::move(modules);
    for (const auto &protocol : snapshot.protocols)
        state.protocols[protocol.name] = protocol.get("transport") == "udp";
    for (const auto &pool : snapshot.pools)
        state.pools[pool.name] = settings_of(pool, pool_keys());
    for (const auto &service : snapshot.services)
        state.services[service.name] = {service.get("protocol"),
                                        settings_of(service, service_keys()), service.get("netns")};
    return state;
}

Config config_of(const State &state, const Machine &machine) {
    Config config;
    bool foreign = false;
    for (const auto &[name, settings] : state.pools)
        config.pools[name].settings = settings;
    for (const auto &[name, service] : state.services) {
        if (service.netns != machine.netns)
            continue;
        config.services[name] = {service.protocol, kept(service, machine)};
        foreign = foreign || find_protocol(service.protocol) == nullptr;
    }
    for (const auto &module : state.modules)
        if (foreign && !is_own_module(module))
            config.modules.push_back(module);
    return config;
}

} // namespace kinetd::config
