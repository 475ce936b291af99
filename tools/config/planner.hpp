// SPDX-License-Identifier: GPL-2.0
/// \file
/// Makes a plan step by step, and keeps account of the state that each step leads to.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/plan.hpp"

namespace kinetd::config {

/// The order of the methods is that of the plan: pools, new services, changes, what is enabled,
/// and at last what is deleted.
class Planner {
public:
    Planner(const Config &wanted, State now, const Machine &machine, const Wish &wish,
            const FreePort &free_port)
        : wanted_(wanted), now_(std::move(now)), machine_(machine), wish_(wish),
          free_port_(free_port) {}

    void load_modules();
    void set_pools();
    void make_services();
    void stop_services();
    void change_services();
    void move_services();
    void start_services();
    void prune();

    Plan plan; ///< its steps, and the changes that only the order brings about

private:
    void assume_loaded(const std::string &module);
    void delete_first_services();
    void make_service(const std::string &name, const std::string &protocol);
    void replace_service(const std::string &name);
    void set_service(const std::string &name, const std::string &key, const std::string &value);
    void change_service(const std::string &name, const Settings &wanted);

    [[nodiscard]] Write write_setting(const std::string &folder, const Settings &now,
                                      const std::string &key, const std::string &value) const;
    [[nodiscard]] std::optional<Endpoint> wanted_place(const std::string &name) const;

    // The moves; see moves.cpp.
    bool move(const std::string &name, const Endpoint &to);
    [[nodiscard]] bool is_free(const std::string &name, const Endpoint &place) const;
    void emit_move(const std::string &name, const std::vector<std::string> &keys, bool either_way);
    void unblock(std::vector<std::string> &pending, std::set<std::string> &parked);
    bool park(const std::string &name);
    void lay_down(const std::string &name);

    const Config &wanted_;
    State now_; ///< as it is after the steps so far
    const Machine &machine_;
    const Wish &wish_;
    const FreePort &free_port_;
    std::set<std::string> first_; ///< services that loading a module has made
};

} // namespace kinetd::config
