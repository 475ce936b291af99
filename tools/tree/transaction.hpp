// SPDX-License-Identifier: GPL-2.0
/// \file
/// Several changes of the tree of which all or none happen.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tree/tree.hpp"
#include "tree/uninterrupted.hpp"

namespace kinetd::tree {

/// A setting and the value that it is to have.
using Setting = std::pair<std::string, std::string>;

/// Remembers how to undo each change that worked. What is not committed is rolled back in the
/// reverse order, at the latest when the object goes; no signal ends the program before that. The
/// kernel has no transactions: others see what is done so far, and may change it meanwhile.
class Transaction {
public:
    explicit Transaction(const Tree &tree) : tree_(tree) {}
    ~Transaction() { (void)rollback(); }
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;

    /// Gives an object settings. A service that moves to another address and port at once does so
    /// by way of one of the two pairs in between, whichever is free. `enabled` and `running` come
    /// first where they stop something, else last.
    Status set(Kind kind, const std::string &name, const std::vector<Setting> &settings);

    /// `protocol` is a service's and ignored for others.
    Status create(Kind kind, const std::string &name, const std::string &protocol = "");

    /// Undone by making it again with its settings; connections and counters do not come back.
    Status remove(Kind kind, const std::string &name);

    /// What could not be undone, in the order in which it was tried.
    std::vector<Error> rollback();
    void commit() { undo_.clear(); }

private:
    Status write(const std::string &path, const std::string &value);
    Status move(const std::string &folder, const std::string &address, const std::string &port);
    Status restore(const Object &object);

    const Uninterrupted uninterrupted_;
    const Tree &tree_;
    std::vector<std::function<Status()>> undo_;
};

/// Creates or deletes; `protocol` is the service's.
Status create(const Tree &tree, Kind kind, const std::string &name, const std::string &protocol);
Status remove(const Tree &tree, Kind kind, const std::string &name);

} // namespace kinetd::tree
