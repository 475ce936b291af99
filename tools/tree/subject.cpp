// SPDX-License-Identifier: GPL-2.0
#include "tree/subject.hpp"

#include <array>

namespace kinetd::tree {

std::string Subject::noun() const {
    if (is_new() || is_delete())
        return key.substr(key.find('_') + 1);
    return name_of(kind);
}

Subject parse_subject(const std::string &path) {
    constexpr std::array kinds{Kind::protocol, Kind::service, Kind::pool, Kind::client};
    const auto slash = path.find('/');
    const auto folder = path.substr(0, slash);
    for (const auto kind : kinds) {
        if (slash == std::string::npos || folder != folder_of(kind))
            continue;
        const auto rest = path.substr(slash + 1);
        const auto end = rest.find('/');
        if (kind == Kind::client && (rest == "new_client" || rest == "delete_client"))
            return {kind, "", rest};
        return {kind, rest.substr(0, end), end == std::string::npos ? "" : rest.substr(end + 1)};
    }
    return {Kind::pool, "", path};
}

} // namespace kinetd::tree
