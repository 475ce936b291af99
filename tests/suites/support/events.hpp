// SPDX-License-Identifier: GPL-2.0
/// \file
/// The kernel's record of the tracepoints of kinetd.
#pragma once

#include <cstddef>
#include <string>

namespace kinetd::suite {

/// The events of the tracepoints, switched on for as long as this lives.
///
/// Make one before there is traffic, and keep it longer: switching patches the kernel's text, and
/// an emulated processor may run into what has been patched already.
class Events {
public:
    Events();
    ~Events();
    Events(const Events &) = delete;
    Events &operator=(const Events &) = delete;

    [[nodiscard]] bool switched_on() const { return switched_on_; }

    /// How many events of this name have come that speak of this too.
    static std::size_t count(const std::string &event, const std::string &text = "");

    inline static const std::string tracing = "/sys/kernel/tracing";

private:
    bool switched_on_ = false;
};

} // namespace kinetd::suite
