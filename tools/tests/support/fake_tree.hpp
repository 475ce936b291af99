// SPDX-License-Identifier: GPL-2.0
/// \file
/// A folder that behaves like /sys/kernel/kinetd, as far as files can: names written to new_service
/// and the like make folders, and chosen writes are refused.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tree/tree.hpp"

namespace kinetd::test {

/// Loaded with the protocols tcp_echo and udp_notify, a service of each, and the pool default.
class FakeTree {
public:
    FakeTree();
    ~FakeTree();
    FakeTree(const FakeTree &) = delete;
    FakeTree &operator=(const FakeTree &) = delete;

    /// A tree whose writes come here. It must not outlive this.
    [[nodiscard]] tree::Tree tree();
    [[nodiscard]] const std::string &root() const { return root_; }
    /// What tree() writes with.
    [[nodiscard]] tree::Writer writer();

    /// Lets each write of this value to this file fail; an empty value stands for any.
    void refuse(const std::string &path, const std::string &value, int code);
    void accept_all() { refusals_.clear(); }

    /// As if a module were loaded or gone.
    void add_protocol(const std::string &name, const std::string &transport, int port);
    void remove_protocol(const std::string &name);
    void add_service(const std::string &name, const std::string &protocol);
    void add_clients();
    void unload();

    /// Puts a value into a file without anybody's leave.
    void put(const std::string &path, const std::string &value) const;
    [[nodiscard]] std::string get(const std::string &path) const;

    /// What was written, "path=value", refused writes included.
    [[nodiscard]] const std::vector<std::string> &log() const { return log_; }
    void forget_log() { log_.clear(); }

private:
    int write(const std::string &path, std::string_view text);
    int obey(const std::string &path, const std::string &value);
    void add_pool(const std::string &name) const;
    void add_client(const std::string &name) const;
    void put_read_only(const std::string &path, const std::string &value) const;
    [[nodiscard]] bool has(const std::string &path) const;
    void erase(const std::string &path) const;

    std::string root_;
    std::map<std::string, int> refusals_;
    std::vector<std::string> log_;
};

} // namespace kinetd::test
