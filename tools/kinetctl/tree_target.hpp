// SPDX-License-Identifier: GPL-2.0
/// \file
/// Carrying a configuration's plan out on the kernel.
#pragma once

#include <string>

#include "config/carry_out.hpp"
#include "tree/tree.hpp"

namespace kinetd::ctl {

class TreeTarget : public config::Target {
public:
    /// Modules are looked for below `folder`, or are installed where that is empty.
    TreeTarget(const tree::Tree &tree, std::string folder)
        : tree_(tree), folder_(std::move(folder)) {}

    int write(const std::string &path, const std::string &value) override;
    std::string explain(int code, const std::string &path, const std::string &value) override;
    std::string load(const std::string &module) override;
    std::string unload(const std::string &module) override;

    /// The errno of what failed last.
    [[nodiscard]] int last_code() const { return code_; }

private:
    const tree::Tree &tree_;
    std::string folder_;
    int code_ = 0;
};

} // namespace kinetd::ctl
