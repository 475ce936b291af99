// SPDX-License-Identifier: GPL-2.0
/// \file
/// Errnos in words, and who has a port.
#include <gtest/gtest.h>

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/support/fake_tree.hpp"
#include "tree/explain.hpp"
#include "tree/holder.hpp"

namespace kinetd::tree {

namespace {

class ExplainTest : public testing::Test {
protected:
    /// What is said of a write that is refused with this errno.
    std::string said(int code, const std::string &path, const std::string &value) {
        return explain(tree_, Error{code, path, value}).text();
    }

    test::FakeTree fake_;
    Tree tree_ = fake_.tree();
};

void expect_has(const std::string &text, const std::string &part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST_F(ExplainTest, NamesTheOtherService) {
    fake_.add_service("public", "tcp_echo");
    expect_has(said(EADDRINUSE, "services/public/enabled", "1"),
               "port 7 on 127.0.0.1 is taken (by kinetd's service tcp_echo)");
}

TEST_F(ExplainTest, NamesThePlaceThatWasWanted) {
    expect_has(said(EADDRINUSE, "services/tcp_echo/port", "1"), "port 1 on 127.0.0.1 is taken");
    expect_has(said(EADDRINUSE, "services/tcp_echo/address", "::1"), "port 7 on [::1] is taken");
    expect_has(said(EADDRNOTAVAIL, "services/tcp_echo/address", "192.0.2.1"),
               "192.0.2.1 is no address of this host");
}

TEST_F(ExplainTest, ListsWhatThereIs) {
    expect_has(said(ENOENT, "services/nobody/port", "1"),
               "there is no service nobody; there are: tcp_echo, udp_notify");
    expect_has(said(ENOENT, "services/tcp_echo/pool", "fast"), "kinetctl add pool fast");
    expect_has(said(ENOENT, "protocols/tcp_chargen/new_service", "x"),
               "protocol tcp_chargen is not loaded: kinetctl load tcp_chargen");
    expect_has(said(ENOENT, "protocols/tcp_echo/delete_service", "x"), "there is no service x");
    expect_has(said(ENOENT, "services/tcp_echo/prot", "1"), "service tcp_echo has no prot");
    expect_has(said(ENOENT, "clients/new_client", "probe"), "kinetctl load kinetd_client");
    expect_has(said(ENOENT, "delete_pool", "x"), "there is no pool x; there are: default");
}

TEST_F(ExplainTest, SaysWhatIsAllowed) {
    expect_has(said(EINVAL, "services/tcp_echo/port", "0"), "port=0 is refused");
    expect_has(said(EINVAL, "services/tcp_echo/port", "0"), "1 to 65535");
    expect_has(said(EINVAL, "protocols/tcp_echo/new_service", "A b"), "'A b' is no name");
    expect_has(said(EOPNOTSUPP, "services/tcp_echo/exec", "inline"), "use thread");
    expect_has(said(EEXIST, "protocols/tcp_echo/new_service", "tcp_echo"),
               "there is a service tcp_echo already");
}

TEST_F(ExplainTest, TellsWhatIsInTheWay) {
    expect_has(said(EBUSY, "delete_pool", "default"), "default cannot be deleted");
    ASSERT_TRUE(tree_.create_pool("fast"));
    fake_.put("services/tcp_echo/pool", "fast");
    expect_has(said(EBUSY, "delete_pool", "fast"), "in use; by services: tcp_echo");
    fake_.add_clients();
    ASSERT_TRUE(tree_.create_client("probe"));
    expect_has(said(EBUSY, "clients/probe/port", "8"), "kinetctl set probe running=0");
}

TEST_F(ExplainTest, TakesNoNameForAFile) {
    fake_.add_clients();
    ASSERT_TRUE(tree_.create_client("my_client"));
    expect_has(said(ENOENT, "clients/my_client/prot", "1"), "client my_client has no prot; it has");
    expect_has(said(ENOENT, "services/no_client", ""), "there is no service no_client; there are");
    expect_has(said(ENOENT, "clients/no_client", ""), "there is no client no_client; there are");
}

TEST_F(ExplainTest, SaysThatNothingIsLoaded) {
    fake_.unload();
    expect_has(said(ENOENT, "services/tcp_echo/port", "1"), "kinetd is not loaded");
}

TEST(Forbidden, DependsOnWhoAsks) {
    Context context{"services/tcp_echo/port", "1"};
    expect_has(explain(EACCES, context), "sudo");
    context.is_root = true;
    expect_has(explain(EACCES, context), "read-only");
    expect_has(explain(EPERM, context), "CAP_NET_ADMIN");
}

TEST(Place, OverlapsAsSocketsDo) {
    const Place local{"tcp", "127.0.0.1", 7};
    EXPECT_TRUE(overlaps(local, local));
    EXPECT_TRUE(overlaps(local, {"tcp", "0.0.0.0", 7}));
    EXPECT_TRUE(overlaps(local, {"tcp", "::", 7}));
    EXPECT_FALSE(overlaps(local, {"tcp", "::1", 7}));
    EXPECT_FALSE(overlaps(local, {"tcp", "127.0.0.2", 7}));
    EXPECT_FALSE(overlaps(local, {"udp", "127.0.0.1", 7}));
    EXPECT_FALSE(overlaps(local, {"tcp", "127.0.0.1", 8}));
}

/// A procfs with one process, inetd, that listens on 127.0.0.1:7 (tcp) and [::]:13 (udp).
class ProgramTest : public testing::Test {
protected:
    ProgramTest() {
        std::string name = std::filesystem::temp_directory_path() / "kinetd-proc.XXXXXX";
        proc_ = ::mkdtemp(name.data());
        std::filesystem::create_directories(proc_ + "/812/fd");
        std::filesystem::create_directories(proc_ + "/self/net");
        put("/812/comm", "inetd\n");
        put("/self/net/tcp",
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
            "   0: 0100007F:0007 0200007F:1234 06 00000000:00000000 00:00000000 00000000   0  0 0\n"
            "   1: 0100007F:0007 00000000:0000 0A 00000000:00000000 00:00000000 00000000   0  "
            "      0 1234 1 0000000000000000 100 0 0 10 0\n");
        put("/self/net/udp6",
            "   7: 00000000000000000000000000000000:000D 00000000000000000000000000000000:0000 07 "
            "00000000:00000000 00:00000000 00000000 0 0 77 2 0000000000000000 0\n");
        std::filesystem::create_symlink("socket:[1234]", proc_ + "/812/fd/4");
        std::filesystem::create_symlink("socket:[77]", proc_ + "/812/fd/5");
    }
    ~ProgramTest() override { std::filesystem::remove_all(proc_); }

    void put(const std::string &path, const std::string &text) const {
        std::ofstream(proc_ + path) << text;
    }

    std::string proc_;
};

TEST_F(ProgramTest, IsFoundByItsSocket) {
    EXPECT_EQ(program_at({"tcp", "127.0.0.1", 7}, proc_), "inetd, pid 812");
    EXPECT_EQ(program_at({"tcp", "0.0.0.0", 7}, proc_), "inetd, pid 812");
    EXPECT_EQ(program_at({"udp", "192.0.2.1", 13}, proc_), "inetd, pid 812");
}

TEST_F(ProgramTest, IsNotMadeUp) {
    EXPECT_EQ(program_at({"tcp", "127.0.0.2", 7}, proc_), "");
    EXPECT_EQ(program_at({"udp", "127.0.0.1", 7}, proc_), "");
    EXPECT_EQ(program_at({"tcp", "127.0.0.1", 8}, proc_), "");
    EXPECT_EQ(program_at({"tcp", "127.0.0.1", 7, "42"}, proc_), "");
}

} // namespace

} // namespace kinetd::tree
