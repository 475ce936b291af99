// SPDX-License-Identifier: GPL-2.0
#include "tests/support/fake_kernel.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "config/key.hpp"
#include "config/protocol.hpp"
#include "tree/subject.hpp"

namespace kinetd::test {

using config::get;

namespace {

constexpr const char *this_netns = "4026531840";

} // namespace

FakeKernel::FakeKernel(const std::vector<std::string> &protocols) {
    state.loaded = true;
    state.pools["default"] = {
        {"threads", "2"}, {"cpus", "0-1"}, {"nice", "0"}, {"busy_poll_us", "0"}};
    for (const auto &name : protocols)
        state.protocols[name] = config::find_protocol(name)->udp;
}

config::Machine FakeKernel::machine() {
    return {this_netns, 4096, "0-7"};
}

int FakeKernel::write(const std::string &path, const std::string &value) {
    log.push_back(fmt::format("{}={}", path, value));
    const auto refusal = refusals_.find(log.back());
    if (refusal == refusals_.end())
        return obey(path, value);
    const int code = refusal->second;
    refusals_.erase(refusal);
    return code;
}

void FakeKernel::refuse(const std::string &path, const std::string &value, int code) {
    refusals_[fmt::format("{}={}", path, value)] = code;
}

std::string FakeKernel::explain(int code, const std::string &path, const std::string &value) {
    return fmt::format("{}={}: {}", path, value, std::strerror(code));
}

std::string FakeKernel::load(const std::string &module) {
    log.push_back(fmt::format("load {}", module));
    state.loaded = true;
    state.modules.insert(module);
    if (module == config::core_module)
        return make_pool("default") == 0 ? "" : "loaded already";
    for (const auto &protocol : config::known_protocols()) {
        if (protocol.module != module)
            continue;
        state.protocols[std::string(protocol.name)] = protocol.udp;
        if (make_service(std::string(protocol.name), std::string(protocol.name)) != 0)
            return "a name is taken";
    }
    return "";
}

std::string FakeKernel::unload(const std::string &module) {
    log.push_back(fmt::format("unload {}", module));
    state.modules.erase(module);
    for (const auto &protocol : config::known_protocols()) {
        if (protocol.module != module)
            continue;
        state.protocols.erase(std::string(protocol.name));
        for (auto entry = state.services.begin(); entry != state.services.end();)
            entry = entry->second.protocol == protocol.name ? state.services.erase(entry)
                                                            : std::next(entry);
    }
    if (module == config::core_module)
        state = {};
    return "";
}

int FakeKernel::obey(const std::string &path, const std::string &value) {
    const auto subject = tree::parse_subject(path);
    if (path == "new_pool")
        return make_pool(value);
    if (path == "delete_pool")
        return delete_pool(value);
    if (subject.kind == tree::Kind::protocol)
        return subject.is_new() ? make_service(subject.name, value)
                                : delete_service(subject.name, value);
    if (subject.kind == tree::Kind::service)
        return set_service(subject.name, subject.key, value);
    const auto pool = state.pools.find(subject.name);
    if (pool == state.pools.end())
        return ENOENT;
    pool->second[subject.key] = value;
    return 0;
}

int FakeKernel::make_service(const std::string &protocol, const std::string &name) {
    if (state.services.count(name) != 0)
        return EEXIST;
    if (state.protocols.count(protocol) == 0)
        return ENOENT;
    state.services[name] = {protocol, config::settings_of_new(*config::find_protocol(protocol)),
                            this_netns};
    return 0;
}

int FakeKernel::delete_service(const std::string &protocol, const std::string &name) {
    const auto service = state.services.find(name);
    if (service == state.services.end() || service->second.protocol != protocol)
        return ENOENT;
    state.services.erase(service);
    connected_.erase(name);
    return 0;
}

int FakeKernel::make_pool(const std::string &name) {
    const config::Settings settings{
        {"threads", "2"}, {"cpus", "0-1"}, {"nice", "0"}, {"busy_poll_us", "0"}};
    return state.pools.emplace(name, settings).second ? 0 : EEXIST;
}

int FakeKernel::delete_pool(const std::string &name) {
    const bool used =
        std::any_of(state.services.begin(), state.services.end(),
                    [&](const auto &entry) { return get(entry.second.settings, "pool") == name; });
    if (name == "default" || used)
        return EBUSY;
    return state.pools.erase(name) == 1 ? 0 : ENOENT;
}

bool FakeKernel::is_taken(const config::Endpoint &place, const std::string &by_others) const {
    return !state.holder(place, this_netns, by_others).empty() ||
           std::any_of(others_.begin(), others_.end(),
                       [&](const config::Endpoint &other) { return other.overlaps(place); });
}

int FakeKernel::set_service(const std::string &name, const std::string &key,
                            const std::string &value) {
    const auto found = state.services.find(name);
    if (found == state.services.end() || found->second.settings.count(key) == 0)
        return ENOENT;
    if (key == "pool" && state.pools.count(value) == 0)
        return ENOENT;
    auto &service = found->second;
    auto settings = service.settings;
    settings[key] = value;
    const auto place = config::endpoint_of(settings, state.protocols.at(service.protocol));
    const bool binds = get(settings, "enabled") == "1" && settings != service.settings;
    if (binds && is_taken(*place, name))
        return EADDRINUSE;
    if (key == "enabled" && value == "0")
        connected_.erase(name);
    service.settings = settings;
    return 0;
}

config::Document document(const std::string &text) {
    auto parsed = config::parse(text);
    EXPECT_TRUE(parsed.ok()) << parsed.error().in("file") << "\n" << text;
    return parsed.ok() ? *parsed : config::Document();
}

config::FreePort some_port() {
    constexpr std::uint16_t first = 49152;
    return [next = first](const config::Endpoint &) mutable {
        return std::optional<std::uint16_t>(next++);
    };
}

config::Plan plan_for(const FakeKernel &kernel, const std::string &text, bool prune) {
    auto plan =
        config::plan(document(text), kernel.state, FakeKernel::machine(), {prune}, some_port());
    EXPECT_TRUE(plan.ok()) << plan.error().in("file") << "\n" << text;
    return plan.ok() ? *plan : config::Plan();
}

std::string apply_to(FakeKernel &kernel, const std::string &text, bool prune) {
    const auto plan =
        config::plan(document(text), kernel.state, FakeKernel::machine(), {prune}, some_port());
    if (!plan.ok())
        return plan.error().in("file");
    const auto outcome = config::carry_out(*plan, kernel);
    std::string text_of_all;
    if (outcome.failure)
        text_of_all = fmt::format("{}: {}", outcome.failure->what, outcome.failure->text);
    for (const auto *list : {&outcome.left, &outcome.skipped})
        for (const auto &failure : *list)
            text_of_all += fmt::format("\n{}: {}", failure.what, failure.text);
    return text_of_all;
}

std::vector<std::string> writes_of(const config::Plan &plan) {
    std::vector<std::string> writes;
    for (const auto &step : plan.steps) {
        if (!step.module.empty())
            writes.push_back(fmt::format("load {}", step.module));
        for (const auto &write : step.writes)
            writes.push_back(fmt::format("{}={}", write.path, write.value));
    }
    return writes;
}

} // namespace kinetd::test
