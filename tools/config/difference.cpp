// SPDX-License-Identifier: GPL-2.0
#include "config/difference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/key.hpp"

namespace kinetd::config {

namespace {

constexpr const char *closes = "closes its connections";

void add_once(std::vector<std::string> &words, std::string_view word) {
    if (std::find(words.begin(), words.end(), word) == words.end())
        words.emplace_back(word);
}

/// "port = 7, pool = fast": what a new object is given beside its standard values.
std::string describe(const Settings &settings, std::span<const Key> keys,
                     const Protocol *protocol) {
    std::vector<std::string> words;
    for (const auto &[name, value] : settings) {
        const auto *key = find_key(keys, name);
        const auto standard = key == nullptr        ? std::string()
                              : protocol != nullptr ? standard_of(*key, *protocol)
                                                    : std::string(key->standard);
        if (value != standard || name == "address" || name == "port")
            words.push_back(fmt::format("{} = {}", name, value));
    }
    return fmt::format("{}", fmt::join(words, ", "));
}

void compare(const std::string &what, const Settings &wanted, const Settings &now,
             std::vector<Change> &changes) {
    for (const auto &[key, value] : wanted) {
        const auto before = get(now, key);
        if (before == value)
            continue;
        Change change{Sign::change, what + "." + key, before, value};
        if (key == "enabled" && value == "0")
            change.warning = closes;
        changes.push_back(std::move(change));
    }
}

void add_service(const std::string &name, const Service &service, std::vector<Change> &changes) {
    const auto more = describe(service.settings, service_keys(), find_protocol(service.protocol));
    changes.push_back({Sign::add, "services." + name, "",
                       fmt::format("protocol = {}, {}", service.protocol, more)});
}

void compare_services(const Config &wanted, const State &now, const Machine &machine,
                      std::vector<Change> &changes) {
    for (const auto &[name, service] : wanted.services) {
        const auto found = now.services.find(name);
        if (found == now.services.end()) {
            add_service(name, service, changes);
        } else if (found->second.protocol != service.protocol) {
            changes.push_back(
                {Sign::remove, "services." + name, "", "",
                 fmt::format("its protocol was {}; {}", found->second.protocol, closes)});
            add_service(name, service, changes);
        } else {
            compare("services." + name, in_force(service.settings, machine), found->second.settings,
                    changes);
        }
    }
}

void compare_pools(const Config &wanted, const State &now, std::vector<Change> &changes) {
    for (const auto &[name, pool] : wanted.pools) {
        const auto found = now.pools.find(name);
        if (found != now.pools.end())
            compare("pools." + name, pool.settings, found->second, changes);
        else
            changes.push_back(
                {Sign::add, "pools." + name, "", describe(pool.settings, pool_keys(), nullptr)});
    }
}

} // namespace

std::vector<std::string> modules_to_load(const Config &wanted, const State &now) {
    std::vector<std::string> modules;
    const bool anything =
        !wanted.modules.empty() || !wanted.pools.empty() || !wanted.services.empty();
    if (!now.loaded && anything)
        add_once(modules, core_module);
    for (const auto &module : wanted.modules)
        if (now.modules.count(module) == 0)
            add_once(modules, module);
    for (const auto &[name, service] : wanted.services) {
        const auto *protocol = find_protocol(service.protocol);
        if (protocol != nullptr && now.protocols.count(service.protocol) == 0)
            add_once(modules, protocol->module);
    }
    return modules;
}

Settings in_force(const Settings &settings, const Machine &machine) {
    auto result = settings;
    const auto backlog = result.find("backlog");
    if (backlog != result.end() && std::stoul(backlog->second) > machine.backlog_most)
        backlog->second = std::to_string(machine.backlog_most);
    return result;
}

std::vector<std::string> unnamed_services(const Config &wanted, const State &now,
                                          const Machine &machine) {
    std::vector<std::string> names;
    for (const auto &[name, service] : now.services)
        if (service.netns == machine.netns && wanted.services.count(name) == 0)
            names.push_back(name);
    return names;
}

std::vector<std::string> unnamed_pools(const Config &wanted, const State &now) {
    std::vector<std::string> names;
    for (const auto &[name, settings] : now.pools)
        if (name != "default" && wanted.pools.count(name) == 0)
            names.push_back(name);
    return names;
}

std::vector<Change> difference(const Config &wanted, const State &now, const Machine &machine,
                               const Wish &wish) {
    std::vector<Change> changes;
    for (const auto &module : modules_to_load(wanted, now))
        changes.push_back({Sign::add, "modules." + module});
    compare_pools(wanted, now, changes);
    compare_services(wanted, now, machine, changes);
    if (!wish.prune)
        return changes;
    for (const auto &name : unnamed_services(wanted, now, machine))
        changes.push_back({Sign::remove, "services." + name, "", "",
                           now.services.at(name).enabled() ? closes : ""});
    for (const auto &name : unnamed_pools(wanted, now))
        changes.push_back({Sign::remove, "pools." + name});
    return changes;
}

} // namespace kinetd::config
