// SPDX-License-Identifier: GPL-2.0
/// \file
/// Carries a plan out, or takes all of it back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/plan.hpp"

namespace kinetd::config {

/// What a plan is carried out on.
class Target {
public:
    virtual ~Target() = default;

    /// Writes to a file below the root; 0 or the errno.
    virtual int write(const std::string &path, const std::string &value) = 0;
    /// What such an errno means just now, and the fix, in one line.
    virtual std::string explain(int code, const std::string &path, const std::string &value) = 0;
    /// Loads a module, its services disabled. Empty, or what is wrong, in one line.
    virtual std::string load(const std::string &module) = 0;
    virtual std::string unload(const std::string &module) = 0;
};

struct Failure {
    std::string what; ///< of the file: "services.web.port"
    std::string text; ///< the reason, and the fix
};

struct Outcome {
    std::optional<Failure> failure; ///< of the step that ended it; what was done is taken back
    std::vector<Failure> left;      ///< what could not be taken back
    std::vector<Failure> skipped;   ///< optional steps that failed
};

Outcome carry_out(const Plan &plan, Target &target);

} // namespace kinetd::config
