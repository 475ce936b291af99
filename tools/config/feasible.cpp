// SPDX-License-Identifier: GPL-2.0
#include "config/feasible.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/cpu_list.hpp"
#include "config/difference.hpp"
#include "config/protocol.hpp"

namespace kinetd::config {

namespace {

class Judge {
public:
    Judge(const Document &wanted, const State &now, const Machine &machine, const Wish &wish)
        : wanted_(wanted), now_(now), machine_(machine), wish_(wish) {}

    std::optional<Problem> judge() {
        for (const auto &[name, pool] : wanted_.config.pools)
            judge_cpus(name, pool);
        for (const auto &module : modules_to_load(wanted_.config, now_))
            judge_module(module);
        for (const auto &[name, service] : wanted_.config.services)
            judge_service(name, service);
        const auto first =
            std::min_element(problems_.begin(), problems_.end(),
                             [](const Problem &a, const Problem &b) { return a.line < b.line; });
        return first == problems_.end() ? std::nullopt : std::optional(*first);
    }

private:
    void blame(const std::string &what, std::string text) {
        problems_.push_back({wanted_.lines.of(what), std::move(text)});
    }

    /// The kernel takes no CPU that cannot come to be there.
    void judge_cpus(const std::string &name, const Pool &pool) {
        const auto wanted = parse_cpus(get(pool.settings, "cpus"));
        const auto possible = parse_cpus(machine_.possible_cpus);
        if (!wanted || !possible ||
            std::includes(possible->begin(), possible->end(), wanted->begin(), wanted->end()))
            return;
        const auto what = "pools." + name + ".cpus";
        blame(what, fmt::format("{} = \"{}\" names CPUs that this machine has not; it has {}", what,
                                text_of(*wanted), text_of(*possible)));
    }

    /// Loading makes a service of each protocol's name.
    void judge_module(const std::string &module) {
        for (const auto &protocol : known_protocols()) {
            const auto found = now_.services.find(std::string(protocol.name));
            if (protocol.module != module || found == now_.services.end())
                continue;
            for (const auto &[name, service] : wanted_.config.services)
                if (find_protocol(service.protocol) != nullptr &&
                    find_protocol(service.protocol)->module == module)
                    return blame("services." + name + ".protocol",
                                 fmt::format("services.{}: protocol = \"{}\" needs the module {}, "
                                             "which cannot be loaded while a service of protocol "
                                             "{} is called {}; delete that one",
                                             name, service.protocol, module, found->second.protocol,
                                             protocol.name));
        }
    }

    void judge_service(const std::string &name, const Service &service) {
        const auto found = now_.services.find(name);
        if (found != now_.services.end() && found->second.netns != machine_.netns)
            return blame("services." + name,
                         fmt::format("services.{}: the service of that name is in another network "
                                     "namespace ({}); apply the file there with nsenter, or give "
                                     "this one another name",
                                     name, found->second.netns));
        const auto protocol = now_.protocols.find(service.protocol);
        const auto *own = find_protocol(service.protocol);
        if (own == nullptr && protocol == now_.protocols.end())
            judge_absent_protocol(name, service);
        if (own == nullptr && found != now_.services.end())
            judge_foreign_keys(name, service, found->second);
        const bool udp =
            own != nullptr ? own->udp : protocol != now_.protocols.end() && protocol->second;
        judge_place(name, service, udp);
    }

    void judge_absent_protocol(const std::string &name, const Service &service) {
        const auto &modules = wanted_.config.modules;
        const bool more =
            std::any_of(modules.begin(), modules.end(), [this](const std::string &module) {
                return now_.modules.count(module) == 0;
            });
        if (!more)
            blame("services." + name + ".protocol",
                  fmt::format("services.{}: protocol = \"{}\" is registered by none of the modules "
                              "that are loaded; add the one that does to modules = [...]",
                              name, service.protocol));
    }

    void judge_foreign_keys(const std::string &name, const Service &service,
                            const LiveService &live) {
        std::vector<std::string> known;
        for (const auto &[key, value] : live.settings)
            known.push_back(key);
        for (const auto &[key, value] : service.settings)
            if (live.settings.count(key) == 0)
                blame("services." + name + "." + key,
                      fmt::format("services.{}: {}: {} has no such setting{}; it has {}", name, key,
                                  service.protocol, did_you_mean(key, known),
                                  fmt::join(known, ", ")));
    }

    /// Only services that the file does not name, and that stay, can be in the way.
    void judge_place(const std::string &name, const Service &service, bool udp) {
        const auto place = endpoint_of(service.settings, udp);
        if (!service.enabled() || !place || wish_.prune)
            return;
        for (const auto &other : unnamed_services(wanted_.config, now_, machine_)) {
            const auto taken = now_.endpoint(other);
            if (taken && taken->overlaps(*place))
                blame("services." + name + ".port",
                      fmt::format("services.{}: {} is taken by service {}, which this file does "
                                  "not name; add it here with another port, or apply with --prune",
                                  name, place->text(), other));
        }
    }

    const Document &wanted_;
    const State &now_;
    const Machine &machine_;
    const Wish &wish_;
    std::vector<Problem> problems_;
};

} // namespace

std::optional<Problem> find_obstacle(const Document &wanted, const State &now,
                                     const Machine &machine, const Wish &wish) {
    return Judge(wanted, now, machine, wish).judge();
}

} // namespace kinetd::config
