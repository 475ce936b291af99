// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/session.hpp"

#include "tree/explain.hpp"

namespace kinetd::ctl {

Exit exit_for(int code, bool loaded) {
    switch (code) {
    case 0:
        return exit_done;
    case usage_fault:
    case ENOTUNIQ:
        return exit_usage;
    case ENOENT:
        return loaded ? exit_no_object : exit_not_loaded;
    case EPERM:
    case EACCES:
        return exit_no_privilege;
    default:
        return exit_refused;
    }
}

int Session::fail(const tree::Error &error) {
    const auto said = error.message.empty() ? explain(tree(), error) : error;
    return fail(exit_for(error.code, tree().present()), said.text());
}

int Session::fail(Exit code, const std::string &line) {
    err << "kinetctl: " << line << '\n';
    return code;
}

} // namespace kinetd::ctl
