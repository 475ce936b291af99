// SPDX-License-Identifier: GPL-2.0
/// \file
/// A kinetd made of values: keeps the rules of binding, and counts what a plan costs its clients.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/carry_out.hpp"
#include "config/state.hpp"

namespace kinetd::test {

class FakeKernel : public config::Target {
public:
    /// Loaded, with the pool default, and of each of these protocols nothing but itself.
    explicit FakeKernel(const std::vector<std::string> &protocols = {});

    int write(const std::string &path, const std::string &value) override;
    std::string explain(int code, const std::string &path, const std::string &value) override;
    std::string load(const std::string &module) override;
    std::string unload(const std::string &module) override;

    /// As a client's connection: gone when the service stops or is deleted.
    void connect(const std::string &service) { connected_.insert(service); }
    [[nodiscard]] bool connected(const std::string &service) const {
        return connected_.count(service) != 0;
    }

    /// Lets the next write of this value fail.
    void refuse(const std::string &path, const std::string &value, int code);
    /// Another program's socket.
    void occupy(const config::Endpoint &place) { others_.push_back(place); }

    /// "path=value" of each write and "load module", refused ones included.
    std::vector<std::string> log{};
    config::State state{};

    static config::Machine machine();

private:
    int obey(const std::string &path, const std::string &value);
    int make_service(const std::string &protocol, const std::string &name);
    int delete_service(const std::string &protocol, const std::string &name);
    int make_pool(const std::string &name);
    int delete_pool(const std::string &name);
    int set_service(const std::string &name, const std::string &key, const std::string &value);
    [[nodiscard]] bool is_taken(const config::Endpoint &place, const std::string &by_others) const;

    std::map<std::string, int> refusals_;
    std::vector<config::Endpoint> others_;
    std::set<std::string> connected_;
};

/// The configuration that a text describes; the test fails where it is none.
config::Document document(const std::string &text);

/// Plans and carries out. The text of what went wrong, empty where nothing did.
std::string apply_to(FakeKernel &kernel, const std::string &text, bool prune = false);

/// The plan in the present state; the test fails where there is an obstacle.
config::Plan plan_for(const FakeKernel &kernel, const std::string &text, bool prune = false);

/// A plan's steps as "path=value", one after the other.
std::vector<std::string> writes_of(const config::Plan &plan);

/// A source of ports that nobody has, from 49152.
config::FreePort some_port();

} // namespace kinetd::test
