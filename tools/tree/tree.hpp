// SPDX-License-Identifier: GPL-2.0
/// \file
/// /sys/kernel/kinetd: reading it, writing to it, making and deleting what is in it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tree/object.hpp"
#include "tree/result.hpp"

namespace kinetd::tree {

inline constexpr const char *default_root = "/sys/kernel/kinetd";

/// How a value gets into a file: one write; 0 or the errno. Tests have their own.
using Writer = std::function<int(const std::string &path, std::string_view text)>;

/// What $KINETD_SYSFS says, else default_root.
std::string root_from_environment();

/// The tree below a root. It holds no state but the two.
class Tree {
public:
    explicit Tree(std::string root = root_from_environment());
    Tree(std::string root, Writer writer);

    [[nodiscard]] const std::string &root() const { return root_; }
    /// "services/tcp_echo" and the like.
    [[nodiscard]] static std::string path_of(Kind kind, std::string_view name);

    /// Whether kinetd is loaded.
    [[nodiscard]] bool present() const;
    [[nodiscard]] bool exists(const std::string &path) const;
    [[nodiscard]] bool exists(Kind kind, std::string_view name) const;
    /// Names of the objects of a kind, sorted.
    [[nodiscard]] std::vector<std::string> list(Kind kind) const;

    /// A file below the root, without its last newline, as it is: `[thread] inline`.
    [[nodiscard]] Result<std::string> read(const std::string &path) const;
    /// Writes a value and a newline in one write().
    [[nodiscard]] Status write(const std::string &path, const std::string &value) const;

    /// One object; ENOENT where there is none, also where it goes while it is read.
    [[nodiscard]] Result<Object> read_object(Kind kind, const std::string &name) const;
    /// All there is. What goes while it is read is left out; ENOENT where kinetd is not loaded.
    [[nodiscard]] Result<Snapshot> read_snapshot() const;

    /// A setting of an object.
    [[nodiscard]] Status set(Kind kind, const std::string &name, const std::string &key,
                             const std::string &value) const;

    /// `protocol` is the new service's; it is down, with every default.
    [[nodiscard]] Status create_service(const std::string &name, const std::string &protocol) const;
    /// `protocol` is the service's; looked up where it is left out.
    [[nodiscard]] Status delete_service(const std::string &name, std::string protocol = "") const;
    [[nodiscard]] Status create_pool(const std::string &name) const;
    [[nodiscard]] Status delete_pool(const std::string &name) const;
    [[nodiscard]] Status create_client(const std::string &name) const;
    [[nodiscard]] Status delete_client(const std::string &name) const;

private:
    void read_stats(const std::string &path, Object &object) const;
    std::vector<Object> read_all(Kind kind) const;

    std::string root_;
    Writer writer_;
};

} // namespace kinetd::tree
