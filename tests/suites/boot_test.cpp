// SPDX-License-Identifier: GPL-2.0
/// \file
/// What was saved is there again when systemd has booted.
#include <fstream>

#include "support/command.hpp"
#include "support/environment.hpp"
#include "support/file.hpp"
#include "support/fixture.hpp"
#include "support/module.hpp"
#include "support/service.hpp"
#include "support/socket.hpp"
#include "support/tools.hpp"

namespace kinetd::suite {
namespace {

TEST(Boot, bringsUpWhatWasSaved) {
    if (is_debug_kernel())
        GTEST_SKIP() << "systemd is the same on every kernel, and this one boots it in minutes";
    constexpr const char *config = "/run/boot.toml";
    const auto port = fresh_port();
    std::ofstream(config) << "[pools.default]\nthreads = 2\n"
                          << "[services.web]\nprotocol = \"tcp_echo\"\nport = " << port << "\n";
    const Daemon system(std::string("tests/vm/boot ") + config);
    // Its folder is there a moment before its files.
    const auto up = [] {
        const auto enabled = read_line(sysfs_root + "/services/web/enabled");
        return enabled && *enabled == "1";
    };
    ASSERT_TRUE(wait_for(up, patience(seconds(120))));
    EXPECT_EQ(Pool("default").number("threads"), 2U);
    const auto client = connect_to({"127.0.0.1", port});
    ASSERT_TRUE(client.ok()) << client.text();
    EXPECT_TRUE(round_trip(*client, "after a boot").ok());

    const auto inside = [](const std::string &command) {
        return execute("tests/vm/boot --inside " + command, "", patience(seconds(60)));
    };
    EXPECT_EQ(inside("systemctl is-active --wait kinetd.service").output, "active\n");
    EXPECT_EQ(inside("systemctl reload kinetd.service").status, 0);
    EXPECT_TRUE(round_trip(*client, "and a reload").ok());
    EXPECT_EQ(inside("systemctl stop kinetd.service").status, 0);
    EXPECT_FALSE(is_loaded(core_name));
}

} // namespace
} // namespace kinetd::suite
