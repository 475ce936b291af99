// SPDX-License-Identifier: GPL-2.0
/// \file
/// Which module is meant, and why one could not be loaded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kinetctl/kernel_log.hpp"
#include "kinetctl/loading.hpp"
#include "kinetctl/module.hpp"
#include "kinetctl/session.hpp"
#include "tests/support/fake_tree.hpp"

namespace kinetd::ctl {

namespace {

class ModuleTest : public testing::Test {
protected:
    ModuleTest() {
        std::string name = std::filesystem::temp_directory_path() / "kinetd-modules.XXXXXX";
        folder_ = ::mkdtemp(name.data());
        std::filesystem::create_directories(folder_ + "/proto");
        for (const auto *module : {"/kinetd.ko", "/kinetd_client.ko", "/proto/proto_tcp_echo.ko",
                                   "/proto/proto_discard.ko"})
            std::ofstream(folder_ + module) << "x";
    }
    ~ModuleTest() override { std::filesystem::remove_all(folder_); }

    std::string found(const std::string &name) const {
        const auto module = find_module(name, folder_);
        return module ? module->file.substr(folder_.size()) : module.error().text();
    }

    std::string folder_;
};

TEST_F(ModuleTest, IsFoundByEachOfItsNames) {
    for (const auto *name : {"proto_tcp_echo", "tcp_echo", "echo"})
        EXPECT_EQ(found(name), "/proto/proto_tcp_echo.ko") << name;
    for (const auto *name : {"proto_discard", "tcp_discard", "udp_discard", "discard"})
        EXPECT_EQ(found(name), "/proto/proto_discard.ko") << name;
    EXPECT_EQ(found("client"), "/kinetd_client.ko");
    EXPECT_EQ(found("kinetd"), "/kinetd.ko");
    EXPECT_NE(found("gopher").find("no module for gopher below "), std::string::npos);
}

TEST_F(ModuleTest, IsFoundByItsFile) {
    const auto file = folder_ + "/proto/proto_discard.ko";
    const auto module = find_module(file, "");
    ASSERT_TRUE(module.ok());
    EXPECT_EQ(module->name, "proto_discard");
    EXPECT_EQ(module->file, file);
    EXPECT_EQ(find_module("./nothing.ko", "").code(), ENOENT);
}

/// A modprobe that writes down what it was told.
TEST_F(ModuleTest, GetsItsParametersQuoted) {
    const auto modprobe = folder_ + "/modprobe";
    std::ofstream(modprobe) << "#!/bin/sh\nprintf '%s\\n' \"$@\" >'" << folder_ << "/told'\n";
    std::filesystem::permissions(modprobe, std::filesystem::perms::owner_all);
    const std::string path = std::getenv("PATH");
    ASSERT_EQ(::setenv("PATH", (folder_ + ":" + path).c_str(), 1), 0);
    const auto status =
        load_module({"proto_udp_notify", ""}, {{"message", "two words"}, {"port", "7"}});
    ASSERT_EQ(::setenv("PATH", path.c_str(), 1), 0);
    EXPECT_TRUE(status.ok());
    std::stringstream told;
    told << std::ifstream(folder_ + "/told").rdbuf();
    EXPECT_EQ(told.str(), "proto_udp_notify\nmessage=\"two words\"\nport=7\n");
}

TEST(Errno, IsReadFromWords) {
    EXPECT_EQ(errno_of_words("modprobe: ERROR: could not insert 'proto_tcp_echo': Address already "
                             "in use\n"),
              EADDRINUSE);
    EXPECT_EQ(errno_of_words("modprobe: FATAL: Module x not found in directory /lib/modules/6\n"),
              0);
    EXPECT_EQ(errno_of_words(""), 0);
}

TEST(Unserved, IsReadFromTheLog) {
    Unserved unserved;
    ASSERT_TRUE(parse_unserved(
        "kinetd: tcp_echo: cannot serve on 127.0.0.1 port 7: error -EADDRINUSE", unserved));
    EXPECT_EQ(unserved.protocol, "tcp_echo");
    EXPECT_EQ(unserved.address, "127.0.0.1");
    EXPECT_EQ(unserved.port, "7");
    EXPECT_FALSE(parse_unserved("kinetd: tcp_echo: port=0 is not 1 to 65535", unserved));
}

TEST(Loading, IsExplained) {
    test::FakeTree fake;
    const auto said = [&](int code, const std::string &line) {
        return explain_load(fake.tree(), {"proto_x", ""}, {code, "proto_x"},
                            line.empty() ? std::vector<std::string>{} : std::vector{line})
            .text();
    };
    EXPECT_EQ(said(EADDRINUSE, "kinetd: tcp_x: cannot serve on 0.0.0.0 port 7: error -98"),
              "port 7 on 0.0.0.0 is taken (by kinetd's service tcp_echo): end that, or choose "
              "another port, with port=N address=A");
    EXPECT_EQ(said(EINVAL, "kinetd: tcp_x: port=0 is not 1 to 65535"),
              "proto_x is refused: tcp_x: port=0 is not 1 to 65535");
    EXPECT_NE(said(ENOEXEC, "").find("another kernel"), std::string::npos);
    EXPECT_NE(said(EPERM, "").find("sudo"), std::string::npos);
}

} // namespace

} // namespace kinetd::ctl
