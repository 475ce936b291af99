// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "config/replace_file.hpp"
#include "tree/file.hpp"

namespace kinetd::test {
namespace {

class ReplaceFile : public testing::Test {
protected:
    ReplaceFile() : folder_(testing::TempDir() + "kinetd-replace.XXXXXX") {
        EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    }
    ~ReplaceFile() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string at(const std::string &name) const { return folder_ + "/" + name; }
    static std::string contents(const std::string &path) {
        const auto text = tree::read_file(path);
        return text ? *text : "(none)";
    }
    static mode_t mode(const std::string &path) {
        struct stat status {};
        return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
    }

    std::string folder_;
};

TEST_F(ReplaceFile, makesANewOne) {
    const std::string text(100'000, 'x');
    ASSERT_TRUE(config::replace_file(at("new"), text).ok());
    EXPECT_TRUE(contents(at("new")) == text);
    EXPECT_EQ(mode(at("new")), 0644U);
}

TEST_F(ReplaceFile, keepsTheModeAndLeavesNothingElse) {
    ASSERT_EQ(tree::write_file(at("old"), ""), ENOENT);
    ASSERT_TRUE(config::replace_file(at("old"), "a").ok());
    ASSERT_EQ(::chmod(at("old").c_str(), 0600), 0);
    ASSERT_TRUE(config::replace_file(at("old"), "b").ok());
    EXPECT_EQ(contents(at("old")), "b");
    EXPECT_EQ(mode(at("old")), 0600U);
    EXPECT_EQ(tree::list_folder(folder_), std::vector<std::string>{"old"});
}

TEST_F(ReplaceFile, followsALink) {
    ASSERT_TRUE(config::replace_file(at("real"), "a").ok());
    ASSERT_EQ(::symlink("real", at("link").c_str()), 0);
    ASSERT_TRUE(config::replace_file(at("link"), "b").ok());
    EXPECT_EQ(contents(at("real")), "b");
    EXPECT_TRUE(std::filesystem::is_symlink(at("link")));
}

TEST_F(ReplaceFile, isWholeForWhoeverHasTheOldOneOpen) {
    ASSERT_TRUE(config::replace_file(at("f"), "old").ok());
    std::filesystem::create_hard_link(at("f"), at("witness"));
    ASSERT_TRUE(config::replace_file(at("f"), "new").ok());
    EXPECT_EQ(contents(at("witness")), "old");
}

TEST_F(ReplaceFile, failsWithoutATrace) {
    std::filesystem::create_directory(at("folder"));
    EXPECT_FALSE(config::replace_file(at("folder"), "x").ok());
    EXPECT_EQ(config::replace_file(at("none/f"), "x").code(), ENOENT);
    EXPECT_EQ(tree::list_folder(folder_), std::vector<std::string>{"folder"});
}

TEST_F(ReplaceFile, takesANameInTheFolderWhereItIs) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
    EXPECT_TRUE(config::replace_file("new", "x").ok());
    std::filesystem::current_path(before);
    EXPECT_EQ(contents(at("new")), "x");
}

TEST_F(ReplaceFile, keepsTheOldOneWhereThereIsNoRoom) {
    ASSERT_TRUE(config::replace_file(at("f"), "old").ok());
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit small{1000, before.rlim_max};
    auto *const handler = ::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto status = config::replace_file(at("f"), std::string(5000, 'x'));
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)::signal(SIGXFSZ, handler);
    EXPECT_EQ(status.code(), EFBIG);
    EXPECT_EQ(contents(at("f")), "old");
    EXPECT_EQ(tree::list_folder(folder_), std::vector<std::string>{"f"});
}

} // namespace
} // namespace kinetd::test
