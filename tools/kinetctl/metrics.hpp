// SPDX-License-Identifier: GPL-2.0
/// \file
/// A sample in the text format that Prometheus reads.
#pragma once

#include <string>

#include "kinetctl/sample.hpp"

namespace kinetd::ctl {

/// Every metric with HELP and TYPE; kinetd_up alone, 0, where kinetd is not loaded.
std::string metrics_text(const Sample &sample);

} // namespace kinetd::ctl
