// SPDX-License-Identifier: GPL-2.0
#include "support/inside.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace kinetd::suite {

void start_inside(const NetworkNamespace &where, const Inside &service) {
    const auto made = where.run([&] { return new_service(service.name, service.protocol).code(); });
    ASSERT_EQ(made, 0) << std::strerror(made);
    const Service inside(service.name);
    ASSERT_EQ(inside.number("netns"), where.inode());
    ASSERT_TRUE(inside.set("port", service.port).ok());
    ASSERT_TRUE(inside.set("address", service.address).ok());
    if (!service.exec.empty()) {
        ASSERT_TRUE(inside.set("exec", service.exec).ok());
    }
    const auto up = inside.set("enabled", 1);
    ASSERT_TRUE(up.ok()) << up.text();
}

bool goes(const std::string &name, Milliseconds limit) {
    return wait_for([&] { return !Service(name).present(); }, limit);
}

} // namespace kinetd::suite
