// SPDX-License-Identifier: GPL-2.0
/// \file
/// The side of explain.hpp that looks at the tree.
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>

#include "tree/explain.hpp"
#include "tree/holder.hpp"
#include "tree/subject.hpp"

namespace kinetd::tree {

namespace {

std::string join(const std::vector<std::string> &words) {
    return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> settings_of(const Object &object) {
    std::vector<std::string> keys;
    for (const auto &attribute : object.attributes)
        if (attribute.writable)
            keys.push_back(attribute.key);
    return keys;
}

std::vector<std::string> users_of_pool(const Tree &tree, const std::string &pool) {
    std::vector<std::string> users;
    for (const auto &service : tree.list(Kind::service)) {
        const auto in_use = tree.read(Tree::path_of(Kind::service, service) + "/pool");
        if (in_use && *in_use == pool)
            users.push_back(service);
    }
    return users;
}

/// What one may have meant.
std::string known_for(const Tree &tree, const Subject &subject, const Error &error) {
    if (subject.key == "delete_pool" && error.code == EBUSY)
        return join(users_of_pool(tree, error.value));
    if (subject.key == "delete_service")
        return join(tree.list(Kind::service));
    if (subject.is_delete() || !tree.exists(subject.kind, subject.name))
        return join(tree.list(subject.kind));
    if (subject.key == "pool")
        return join(tree.list(Kind::pool));
    const auto object = tree.read_object(subject.kind, subject.name);
    return object ? join(settings_of(*object)) : "";
}

/// Where a service would be, had the write worked.
void add_place(const Tree &tree, const Subject &subject, Context &context) {
    const auto folder = Tree::path_of(Kind::service, subject.name);
    const auto in_force = [&](const char *key) {
        const auto value = tree.read(folder + "/" + key);
        return subject.key == key ? context.value : value ? *value : "";
    };
    context.address = in_force("address");
    context.port = in_force("port");
}

/// Who is where the service of the context would be.
std::string holder_for(const Tree &tree, const std::string &name, const Context &context) {
    const auto snapshot = tree.read_snapshot();
    const auto *service = snapshot ? snapshot->find(Kind::service, name) : nullptr;
    if (service == nullptr)
        return "";
    const auto port = static_cast<std::uint16_t>(std::strtoul(context.port.c_str(), nullptr, 10));
    return holder_of(
        *snapshot, {snapshot->transport_of(*service), context.address, port, service->get("netns")},
        name);
}

} // namespace

std::string holder_of(const Snapshot &snapshot, const Place &place, const std::string &asking) {
    const auto *other = service_at(snapshot, place, asking);
    return other != nullptr ? fmt::format("kinetd's service {}", other->name) : program_at(place);
}

Error explain(const Tree &tree, Error error) {
    const auto subject = parse_subject(error.subject);
    Context context{error.subject, error.value};
    context.root_exists = tree.present();
    context.object_exists = subject.name.empty()
                                ? subject.kind != Kind::client || tree.exists("clients")
                                : tree.exists(subject.kind, subject.name);
    context.is_root = ::geteuid() == 0;
    context.known = known_for(tree, subject, error);
    if (subject.kind == Kind::service)
        add_place(tree, subject, context);
    if (error.code == EADDRINUSE)
        context.holder = holder_for(tree, subject.name, context);
    error.message = explain(error.code, context);
    return error;
}

} // namespace kinetd::tree
