// SPDX-License-Identifier: GPL-2.0
#include "tree/result.hpp"

#include <cstring>

namespace kinetd::tree {

std::string Error::text() const {
    if (!message.empty())
        return message;
    const std::string what = value.empty() ? subject : subject + "=" + value;
    return what + ": " + std::strerror(code);
}

} // namespace kinetd::tree
