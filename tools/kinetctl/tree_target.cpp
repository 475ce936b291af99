// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/tree_target.hpp"

#include <cerrno>

#include "config/protocol.hpp"
#include "kinetctl/kernel_log.hpp"
#include "kinetctl/loading.hpp"
#include "kinetctl/module.hpp"
#include "tree/explain.hpp"

namespace kinetd::ctl {

int TreeTarget::write(const std::string &path, const std::string &value) {
    const auto status = tree_.write(path, value);
    if (!status)
        code_ = status.code();
    return status.code();
}

std::string TreeTarget::explain(int code, const std::string &path, const std::string &value) {
    return tree::explain(tree_, tree::Error{code, path, value}).text();
}

std::string TreeTarget::load(const std::string &module) {
    const auto found = find_module(module, folder_);
    if (!found) {
        code_ = found.code();
        return found.error().text();
    }
    // Nothing may listen before all of the file is in force.
    const bool serves = module != config::core_module && module != config::client_module;
    const std::vector<tree::Setting> parameters{{"enabled", "0"}};
    const KernelLog log;
    const auto status = load_module(*found, serves ? parameters : std::vector<tree::Setting>());
    if (status || status.code() == EEXIST)
        return "";
    code_ = status.code();
    return explain_load(tree_, *found, status.error(), log.lines({core_module, module})).text();
}

std::string TreeTarget::unload(const std::string &module) {
    const auto status = unload_module(module);
    return status ? "" : explain_unload(module, status.error()).text();
}

} // namespace kinetd::ctl
