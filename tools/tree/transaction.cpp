// SPDX-License-Identifier: GPL-2.0
#include "tree/transaction.hpp"

#include <algorithm>
#include <cerrno>

namespace kinetd::tree {

namespace {

/// Whether the key says that the object is at work: others cannot be set, or are set unseen,
/// while it is not.
bool is_switch(const std::string &key) {
    return key == "enabled" || key == "running";
}

bool switches(const std::vector<Setting> &settings, const char *to) {
    return std::any_of(settings.begin(), settings.end(),
                       [to](const Setting &s) { return is_switch(s.first) && s.second == to; });
}

const Setting *find(const std::vector<Setting> &settings, const char *key) {
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [key](const Setting &s) { return s.first == key; });
    return found == settings.end() ? nullptr : &*found;
}

/// Stopping first, starting last, all else as it was.
std::vector<Setting> in_order(std::vector<Setting> settings) {
    const bool stops = switches(settings, "0");
    std::stable_partition(settings.begin(), settings.end(), [stops](const Setting &s) {
        return stops ? is_switch(s.first) : !is_switch(s.first);
    });
    return settings;
}

} // namespace

Status Transaction::write(const std::string &path, const std::string &value) {
    const auto before = tree_.read(path);
    if (!before)
        return Error{before.code(), path, value};
    auto status = tree_.write(path, value);
    if (!status)
        return status;
    auto old = *before;
    if (const auto begin = old.find('['); path.ends_with("/exec") && begin != std::string::npos)
        old = old.substr(begin + 1, old.find(']') - begin - 1);
    undo_.emplace_back([this, path, old] { return tree_.write(path, old); });
    return status;
}

Status Transaction::move(const std::string &folder, const std::string &address,
                         const std::string &port) {
    auto first = write(folder + "/address", address);
    if (first)
        return write(folder + "/port", port);
    if (first.code() != EADDRINUSE)
        return first;
    auto status = write(folder + "/port", port);
    return status ? write(folder + "/address", address) : status;
}

Status Transaction::set(Kind kind, const std::string &name, const std::vector<Setting> &settings) {
    const auto folder = Tree::path_of(kind, name);
    const auto *address = find(settings, "address");
    const auto *port = find(settings, "port");
    const bool moves = kind == Kind::service && address != nullptr && port != nullptr;
    bool moved = false;
    for (const auto &[key, value] : in_order(settings)) {
        const bool is_place = moves && (key == "address" || key == "port");
        if (is_place && std::exchange(moved, true))
            continue;
        auto status = is_place ? move(folder, address->second, port->second)
                               : write(folder + "/" + key, value);
        if (!status)
            return status;
    }
    return Done{};
}

Status Transaction::create(Kind kind, const std::string &name, const std::string &protocol) {
    auto status = tree::create(tree_, kind, name, protocol);
    if (status)
        undo_.emplace_back([this, kind, name] { return tree::remove(tree_, kind, name); });
    return status;
}

Status Transaction::restore(const Object &object) {
    auto status = tree::create(tree_, object.kind, object.name, object.get("protocol"));
    if (!status)
        return status;
    std::vector<Setting> settings;
    for (const auto &attribute : object.attributes)
        if (attribute.writable)
            settings.emplace_back(attribute.key, attribute.value);
    Transaction again(tree_);
    status = again.set(object.kind, object.name, settings);
    again.commit();
    return status;
}

Status Transaction::remove(Kind kind, const std::string &name) {
    const auto object = tree_.read_object(kind, name);
    if (!object)
        return object.error();
    auto status = tree::remove(tree_, kind, name);
    if (status)
        undo_.emplace_back([this, was = *object] { return restore(was); });
    return status;
}

std::vector<Error> Transaction::rollback() {
    std::vector<Error> failures;
    while (!undo_.empty()) {
        const auto undo = std::move(undo_.back());
        undo_.pop_back();
        const auto status = undo();
        if (!status)
            failures.push_back(status.error());
    }
    return failures;
}

Status create(const Tree &tree, Kind kind, const std::string &name, const std::string &protocol) {
    switch (kind) {
    case Kind::service:
        return tree.create_service(name, protocol);
    case Kind::pool:
        return tree.create_pool(name);
    case Kind::client:
        return tree.create_client(name);
    case Kind::protocol:
        break;
    }
    return Error{EINVAL, Tree::path_of(kind, name)};
}

Status remove(const Tree &tree, Kind kind, const std::string &name) {
    switch (kind) {
    case Kind::service:
        return tree.delete_service(name);
    case Kind::pool:
        return tree.delete_pool(name);
    case Kind::client:
        return tree.delete_client(name);
    case Kind::protocol:
        break;
    }
    return Error{EINVAL, Tree::path_of(kind, name)};
}

} // namespace kinetd::tree
