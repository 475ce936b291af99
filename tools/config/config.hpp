// SPDX-License-Identifier: GPL-2.0
/// \file
/// A configuration as values: which modules, pools and services there are to be.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/address.hpp"

namespace kinetd::config {

/// Values by the names of their files in sysfs, spelt as the kernel does.
using Settings = std::map<std::string, std::string>;

/// The value; empty where there is none.
std::string get(const Settings &settings, const std::string &key);

struct Pool {
    Settings settings; ///< what has none is the kernel's choice

    bool operator==(const Pool &) const = default;
};

struct Service {
    std::string protocol;
    /// All of them, for a protocol that kinetd brings: what the file leaves out has its standard.
    Settings settings;

    [[nodiscard]] bool enabled() const { return get(settings, "enabled") == "1"; }
    bool operator==(const Service &) const = default;
};

/// Where a service listens, or would; nothing where that is not known.
std::optional<Endpoint> endpoint_of(const Settings &settings, bool udp);

struct Config {
    std::vector<std::string> modules; ///< of others, that bring protocols
    std::map<std::string, Pool> pools;
    std::map<std::string, Service> services;

    bool operator==(const Config &) const = default;
};

/// Which line of the file has what: "services.web", "services.web.port".
class Lines {
public:
    void add(const std::string &what, int line) { lines_[what] = line; }
    /// The line; where the file does not have that, of what it belongs to; else 0.
    [[nodiscard]] int of(std::string what) const;

private:
    std::map<std::string, int> lines_;
};

} // namespace kinetd::config
