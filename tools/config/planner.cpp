// SPDX-License-Identifier: GPL-2.0
#include "config/planner.hpp"

#include <algorithm>

#include "config/difference.hpp"
#include "config/feasible.hpp"
#include "config/key.hpp"

namespace kinetd::config {

namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

/// What makes a service again that was deleted. It listens only when all else is set.
Values recreate(const std::string &name, const LiveService &service) {
    Values writes{{"protocols/" + service.protocol + "/new_service", name}};
    for (const auto &[key, value] : service.settings)
        if (key != "enabled")
            writes.emplace_back("services/" + name + "/" + key, value);
    writes.emplace_back("services/" + name + "/enabled", get(service.settings, "enabled"));
    return writes;
}

bool is_place(const std::string &key) {
    return key == "address" || key == "port";
}

} // namespace

Write Planner::write_setting(const std::string &folder, const Settings &now, const std::string &key,
                             const std::string &value) const {
    Write write{folder + "/" + key, value};
    const auto before = now.find(key);
    if (before != now.end())
        write.undo = {{write.path, before->second}};
    return write;
}

std::optional<Endpoint> Planner::wanted_place(const std::string &name) const {
    const auto &service = wanted_.services.at(name);
    const auto protocol = now_.protocols.find(service.protocol);
    return endpoint_of(service.settings, protocol != now_.protocols.end() && protocol->second);
}

void Planner::load_modules() {
    for (const auto &module : modules_to_load(wanted_, now_)) {
        plan.steps.push_back({"modules." + module, module});
        assume_loaded(module);
    }
    // What others' modules register is not known; but each protocol that is used must be among it.
    for (const auto &[name, service] : wanted_.services) {
        if (!now_.protocols.emplace(service.protocol, false).second)
            continue;
        now_.services[service.protocol] = {service.protocol, {{"enabled", "0"}}, machine_.netns};
        first_.insert(service.protocol);
    }
    delete_first_services();
}

void Planner::assume_loaded(const std::string &module) {
    if (module == core_module)
        now_.pools["default"];
    for (const auto &protocol : known_protocols()) {
        if (protocol.module != module)
            continue;
        const std::string name(protocol.name);
        now_.protocols[name] = protocol.udp;
        now_.services[name] = {name, settings_of_new(protocol), machine_.netns};
        now_.services[name].settings = in_force(now_.services[name].settings, machine_);
        first_.insert(name);
    }
}

/// Those that the file does not name. Unloading the module undoes that.
void Planner::delete_first_services() {
    for (const auto &name : first_) {
        const auto wanted = wanted_.services.find(name);
        const auto &protocol = now_.services.at(name).protocol;
        if (wanted != wanted_.services.end() && wanted->second.protocol == protocol)
            continue;
        plan.steps.push_back(
            {"services." + name, "", {{"protocols/" + protocol + "/delete_service", name}}});
        now_.services.erase(name);
    }
}

void Planner::set_pools() {
    for (const auto &[name, pool] : wanted_.pools) {
        const auto what = "pools." + name;
        if (now_.pools.count(name) == 0)
            plan.steps.push_back({what, "", {{"new_pool", name, {{"delete_pool", name}}}}});
        auto &now = now_.pools[name];
        for (const auto &[key, value] : pool.settings) {
            if (get(now, key) == value)
                continue;
            plan.steps.push_back(
                {what + "." + key, "", {write_setting("pools/" + name, now, key, value)}});
            now[key] = value;
        }
    }
}

void Planner::make_service(const std::string &name, const std::string &protocol) {
    const auto folder = "protocols/" + protocol;
    plan.steps.push_back({"services." + name,
                          "",
                          {{folder + "/new_service", name, {{folder + "/delete_service", name}}}}});
    const auto *own = find_protocol(protocol);
    now_.services[name] = {protocol, own != nullptr ? settings_of_new(*own) : Settings(),
                           machine_.netns};
    auto &settings = now_.services[name].settings;
    settings.insert_or_assign("enabled", "0");
    settings = in_force(settings, machine_);
}

void Planner::replace_service(const std::string &name) {
    const auto &old = now_.services.at(name);
    plan.steps.push_back(
        {"services." + name + ".protocol",
         "",
         {{"protocols/" + old.protocol + "/delete_service", name, recreate(name, old)}}});
    now_.services.erase(name);
}

void Planner::make_services() {
    for (const auto &[name, service] : wanted_.services) {
        const auto found = now_.services.find(name);
        if (found != now_.services.end() && found->second.protocol != service.protocol)
            replace_service(name);
    }
    for (const auto &[name, service] : wanted_.services)
        if (now_.services.count(name) == 0)
            make_service(name, service.protocol);
}

void Planner::set_service(const std::string &name, const std::string &key,
                          const std::string &value) {
    auto &now = now_.services.at(name).settings;
    if (get(now, key) == value)
        return;
    plan.steps.push_back(
        {"services." + name + "." + key, "", {write_setting("services/" + name, now, key, value)}});
    now[key] = value;
}

/// Those that the file wants stopped, and those to be deleted that are in the way of others.
void Planner::stop_services() {
    for (const auto &[name, service] : wanted_.services)
        if (!service.enabled() && now_.services.at(name).enabled())
            set_service(name, "enabled", "0");
    if (!wish_.prune)
        return;
    for (const auto &name : unnamed_services(wanted_, now_, machine_)) {
        const auto place = now_.endpoint(name);
        const bool in_the_way =
            std::any_of(wanted_.services.begin(), wanted_.services.end(), [&](const auto &entry) {
                const auto other = wanted_place(entry.first);
                return entry.second.enabled() && place && other && place->overlaps(*other);
            });
        if (in_the_way)
            set_service(name, "enabled", "0");
    }
}

void Planner::change_service(const std::string &name, const Settings &wanted) {
    const bool serves = now_.services.at(name).enabled();
    for (const auto &[key, value] : wanted)
        if (key != "enabled" && !(serves && is_place(key)))
            set_service(name, key, value);
}

void Planner::change_services() {
    for (const auto &[name, service] : wanted_.services)
        change_service(name, in_force(service.settings, machine_));
}

void Planner::start_services() {
    for (const auto &[name, service] : wanted_.services)
        if (service.enabled())
            set_service(name, "enabled", "1");
}

/// A pool may still have connections of services that have left it: the rest holds all the same.
void Planner::prune() {
    if (!wish_.prune)
        return;
    for (const auto &name : unnamed_services(wanted_, now_, machine_)) {
        const auto path = "protocols/" + now_.services.at(name).protocol + "/delete_service";
        plan.steps.push_back({"services." + name, "", {{path, name}}, false, true});
    }
    for (const auto &name : unnamed_pools(wanted_, now_))
        plan.steps.push_back({"pools." + name, "", {{"delete_pool", name}}, false, true});
}

Checked<Plan> plan(const Document &wanted, const State &now, const Machine &machine,
                   const Wish &wish, const FreePort &free_port) {
    if (const auto obstacle = find_obstacle(wanted, now, machine, wish))
        return *obstacle;
    Planner planner(wanted.config, now, machine, wish, free_port);
    planner.plan.changes = difference(wanted.config, now, machine, wish);
    planner.load_modules();
    planner.set_pools();
    planner.make_services();
    planner.stop_services();
    planner.change_services();
    planner.move_services();
    planner.start_services();
    planner.prune();
    return std::move(planner.plan);
}

} // namespace kinetd::config
