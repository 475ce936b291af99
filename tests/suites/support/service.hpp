// SPDX-License-Identifier: GPL-2.0
/// \file
/// The folders of /sys/kernel/kinetd as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/clock.hpp"
#include "support/result.hpp"

namespace kinetd::suite {

inline const std::string sysfs_root = "/sys/kernel/kinetd";

/// A folder of attributes.
class Folder {
public:
    explicit Folder(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] const std::string &path() const { return path_; }
    [[nodiscard]] bool present() const;

    /// The attribute's value; throws where it cannot be read.
    [[nodiscard]] std::string get(const std::string &attribute) const;
    [[nodiscard]] std::uint64_t number(const std::string &attribute) const;

    /// Writes a value and a newline.
    Status set(const std::string &attribute, const std::string &value) const;
    Status set(const std::string &attribute, std::int64_t value) const;
    /// Writes these bytes and no others.
    Status set_raw(const std::string &attribute, std::string_view bytes) const;

private:
    std::string path_;
};

class Service : public Folder {
public:
    explicit Service(const std::string &name) : Folder(sysfs_root + "/services/" + name) {}

    [[nodiscard]] std::uint64_t stat(const std::string &counter) const {
        return number("stats/" + counter);
    }
    [[nodiscard]] std::uint64_t active() const { return stat("connections_active"); }
    /// Waits until a counter has this value; says whether it came to it.
    [[nodiscard]] bool reaches(const std::string &counter, std::uint64_t value,
                               Milliseconds limit = patience(seconds(10))) const;
    /// Waits until none is active and as many connections are closed as were accepted: with
    /// exec=inline the last one may be through while a worker counts the one before it.
    [[nodiscard]] bool comes_to_rest(Milliseconds limit = patience(seconds(10))) const;
};

class Pool : public Folder {
public:
    explicit Pool(const std::string &name) : Folder(sysfs_root + "/pools/" + name) {}
};

/// What the top folder and the protocols' folders offer.
Status new_service(const std::string &name, const std::string &protocol = "tcp_echo");
Status delete_service(const std::string &name, const std::string &protocol = "tcp_echo");
Status new_pool(const std::string &name);
Status delete_pool(const std::string &name);

} // namespace kinetd::suite
