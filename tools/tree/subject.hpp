// SPDX-License-Identifier: GPL-2.0
/// \file
/// What a file below the root belongs to.
#pragma once

#include <string>

#include "tree/object.hpp"

namespace kinetd::tree {

/// A file's path in parts: of services/public/port the kind service, public, and port.
struct Subject {
    Kind kind = Kind::pool;
    std::string name; ///< empty for files that belong to all of a kind
    std::string key;  ///< empty for the folder itself

    [[nodiscard]] bool is_new() const { return key.rfind("new_", 0) == 0; }
    [[nodiscard]] bool is_delete() const { return key.rfind("delete_", 0) == 0; }
    /// "service", also where it is a protocol's new_service.
    [[nodiscard]] std::string noun() const;
};

Subject parse_subject(const std::string &path);

} // namespace kinetd::tree
