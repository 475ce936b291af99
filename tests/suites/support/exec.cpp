// SPDX-License-Identifier: GPL-2.0
#include "support/exec.hpp"

#include <cstdlib>

#include "support/service.hpp"

namespace kinetd::suite {

void obey_environment(const std::string &service) {
    if (const char *exec = std::getenv("KINETD_EXEC"))
        (void)Service(service).set("exec", exec);
}

bool inline_by_environment() {
    const char *exec = std::getenv("KINETD_EXEC");
    return exec != nullptr && std::string(exec) == "inline";
}

} // namespace kinetd::suite
