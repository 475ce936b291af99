// SPDX-License-Identifier: GPL-2.0
#include "tree/tree.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "tree/file.hpp"

namespace kinetd::tree {

namespace {

/// Of exec's `[thread] inline` the choice, "thread"; any other file's text as it is.
std::string value_of(const std::string &key, const std::string &text) {
    const auto begin = text.find('[');
    const auto end = text.find(']', begin);
    if (key != "exec" || begin == std::string::npos || end == std::string::npos)
        return text;
    return text.substr(begin + 1, end - begin - 1);
}

struct stat status_of(const std::string &path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        status.st_mode = 0;
    return status;
}

std::uint64_t to_number(const std::string &text) {
    std::uint64_t number = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

} // namespace

std::string root_from_environment() {
    const char *root = std::getenv("KINETD_SYSFS");
    return root != nullptr && *root != '\0' ? root : default_root;
}

Tree::Tree(std::string root) : Tree(std::move(root), write_file) {}

Tree::Tree(std::string root, Writer writer) : root_(std::move(root)), writer_(std::move(writer)) {}

std::string Tree::path_of(Kind kind, std::string_view name) {
    return std::string(folder_of(kind)) + "/" + std::string(name);
}

bool Tree::present() const {
    return exists("version");
}

bool Tree::exists(const std::string &path) const {
    return tree::exists(root_ + "/" + path);
}

bool Tree::exists(Kind kind, std::string_view name) const {
    if (name.empty() || name.find('/') != std::string_view::npos || name[0] == '.')
        return false;
    return S_ISDIR(status_of(root_ + "/" + path_of(kind, name)).st_mode);
}

std::vector<std::string> Tree::list(Kind kind) const {
    std::vector<std::string> names;
    for (auto &name : list_folder(root_ + "/" + folder_of(kind)))
        if (exists(kind, name))
            names.push_back(std::move(name));
    return names;
}

Result<std::string> Tree::read(const std::string &path) const {
    auto text = read_file(root_ + "/" + path);
    if (!text)
        return Error{text.code(), path};
    if (!text->empty() && text->back() == '\n')
        text->pop_back();
    return text;
}

Status Tree::write(const std::string &path, const std::string &value) const {
    const int problem = writer_(root_ + "/" + path, value + "\n");
    if (problem != 0)
        return Error{problem, path, value};
    return Done{};
}

void Tree::read_stats(const std::string &path, Object &object) const {
    auto names = list_folder(root_ + "/" + path);
    sort_like_abi(names);
    for (const auto &name : names) {
        const auto value = read(path + "/" + name);
        if (value)
            object.stats.emplace_back(name, to_number(*value));
    }
}

Result<Object> Tree::read_object(Kind kind, const std::string &name) const {
    const auto path = path_of(kind, name);
    if (!exists(kind, name))
        return Error{ENOENT, path};
    Object object{kind, name, {}, {}};
    auto files = list_folder(root_ + "/" + path);
    sort_like_abi(files);
    for (const auto &file : files) {
        const auto mode = status_of(root_ + "/" + path + "/" + file).st_mode;
        if (!S_ISREG(mode) || (mode & S_IRUSR) == 0)
            continue;
        const auto value = read(path + "/" + file);
        if (!value)
            return value.error();
        object.attributes.push_back({file, value_of(file, *value), (mode & S_IWUSR) != 0});
    }
    read_stats(path + "/stats", object);
    if (!exists(kind, name))
        return Error{ENOENT, path};
    return object;
}

std::vector<Object> Tree::read_all(Kind kind) const {
    std::vector<Object> objects;
    for (const auto &name : list(kind)) {
        auto object = read_object(kind, name);
        if (object)
            objects.push_back(*std::move(object));
    }
    return objects;
}

Result<Snapshot> Tree::read_snapshot() const {
    auto version = read("version");
    if (!version)
        return version.error();
    Snapshot snapshot;
    snapshot.version = *std::move(version);
    snapshot.protocols = read_all(Kind::protocol);
    snapshot.services = read_all(Kind::service);
    snapshot.pools = read_all(Kind::pool);
    snapshot.clients = read_all(Kind::client);
    snapshot.has_clients = exists("clients");
    return snapshot;
}

Status Tree::set(Kind kind, const std::string &name, const std::string &key,
                 const std::string &value) const {
    return write(path_of(kind, name) + "/" + key, value);
}

Status Tree::create_service(const std::string &name, const std::string &protocol) const {
    return write(path_of(Kind::protocol, protocol) + "/new_service", name);
}

Status Tree::delete_service(const std::string &name, std::string protocol) const {
    if (protocol.empty()) {
        auto found = read(path_of(Kind::service, name) + "/protocol");
        if (!found)
            return Error{found.code(), path_of(Kind::service, name)};
        protocol = *std::move(found);
    }
    return write(path_of(Kind::protocol, protocol) + "/delete_service", name);
}

Status Tree::create_pool(const std::string &name) const {
    return write("new_pool", name);
}

Status Tree::delete_pool(const std::string &name) const {
    return write("delete_pool", name);
}

Status Tree::create_client(const std::string &name) const {
    return write("clients/new_client", name);
}

Status Tree::delete_client(const std::string &name) const {
    return write("clients/delete_client", name);
}

} // namespace kinetd::tree
