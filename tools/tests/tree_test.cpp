// SPDX-License-Identifier: GPL-2.0
/// \file
/// The tree as values, and changes of which all or none happen.
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "tests/support/fake_tree.hpp"
#include "tree/transaction.hpp"

namespace kinetd::tree {

namespace {

class TreeTest : public testing::Test {
protected:
    test::FakeTree fake_;
    Tree tree_ = fake_.tree();
};

TEST_F(TreeTest, ReadsWhatThereIs) {
    const auto snapshot = tree_.read_snapshot();
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().text();
    EXPECT_EQ(snapshot->version, "1.0.0");
    EXPECT_EQ(snapshot->protocols.size(), 2U);
    EXPECT_EQ(snapshot->services.size(), 2U);
    EXPECT_EQ(snapshot->pools.size(), 1U);
    EXPECT_FALSE(snapshot->has_clients);

    const auto *notify = snapshot->find(Kind::service, "udp_notify");
    ASSERT_NE(notify, nullptr);
    EXPECT_EQ(snapshot->transport_of(*notify), "udp");
    EXPECT_EQ(notify->attributes.front().key, "protocol");
    EXPECT_EQ(notify->attributes.back().key, "message");
    EXPECT_EQ(notify->get("exec"), "thread");
    EXPECT_FALSE(notify->find("netns")->writable);
    EXPECT_TRUE(notify->find("message")->writable);
    EXPECT_EQ(notify->stats.size(), 11U);
    EXPECT_EQ(notify->stats.back().first, "errors");
}

TEST_F(TreeTest, SaysThatNothingIsLoaded) {
    fake_.unload();
    EXPECT_FALSE(tree_.present());
    EXPECT_EQ(tree_.read_snapshot().code(), ENOENT);
    EXPECT_TRUE(tree_.list(Kind::service).empty());
}

TEST_F(TreeTest, ReadsOnlyObjects) {
    EXPECT_EQ(tree_.read_object(Kind::service, "nobody").code(), ENOENT);
    EXPECT_EQ(tree_.read_object(Kind::service, "").code(), ENOENT);
    EXPECT_EQ(tree_.read_object(Kind::service, "../pools/default").code(), ENOENT);
}

TEST_F(TreeTest, KeepsWhatWasCommitted) {
    Transaction transaction(tree_);
    ASSERT_TRUE(transaction.set(Kind::service, "tcp_echo", {{"backlog", "9"}, {"port", "7007"}}));
    transaction.commit();
    EXPECT_TRUE(transaction.rollback().empty());
    EXPECT_EQ(fake_.get("services/tcp_echo/port"), "7007");
}

TEST_F(TreeTest, UndoesInReverse) {
    fake_.refuse("services/tcp_echo/pool", "fast", ENOENT);
    {
        Transaction transaction(tree_);
        ASSERT_TRUE(transaction.create(Kind::pool, "slow"));
        const auto status = transaction.set(
            Kind::service, "tcp_echo", {{"backlog", "9"}, {"exec", "thread"}, {"pool", "fast"}});
        EXPECT_EQ(status.code(), ENOENT);
        EXPECT_EQ(fake_.get("services/tcp_echo/backlog"), "9");
    }
    EXPECT_EQ(fake_.get("services/tcp_echo/backlog"), "4096");
    EXPECT_EQ(fake_.get("services/tcp_echo/exec"), "[thread]");
    EXPECT_FALSE(tree_.exists(Kind::pool, "slow"));
    EXPECT_EQ(fake_.log().back(), "delete_pool=slow");
}

TEST_F(TreeTest, NamesWhatCannotBeUndone) {
    Transaction transaction(tree_);
    ASSERT_TRUE(transaction.set(Kind::service, "tcp_echo", {{"port", "7007"}, {"backlog", "9"}}));
    fake_.refuse("services/tcp_echo/port", "7", EADDRINUSE);
    const auto failures = transaction.rollback();
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].code, EADDRINUSE);
    EXPECT_EQ(failures[0].value, "7");
    EXPECT_EQ(fake_.get("services/tcp_echo/backlog"), "4096");
}

TEST_F(TreeTest, MakesAgainWhatItDeleted) {
    fake_.put("services/udp_notify/message", "[hello] world");
    fake_.put("services/udp_notify/port", "2000");
    Transaction transaction(tree_);
    ASSERT_TRUE(transaction.remove(Kind::service, "udp_notify"));
    EXPECT_FALSE(tree_.exists(Kind::service, "udp_notify"));
    EXPECT_TRUE(transaction.rollback().empty());
    EXPECT_EQ(fake_.get("services/udp_notify/message"), "[hello] world");
    EXPECT_EQ(fake_.get("services/udp_notify/port"), "2000");
    EXPECT_EQ(fake_.log().back(), "services/udp_notify/enabled=1");
}

volatile std::sig_atomic_t signals_taken = 0;

void take_signal(int /*number*/) {
    signals_taken = signals_taken + 1;
}

TEST_F(TreeTest, IsNotInterrupted) {
    auto *const before = std::signal(SIGHUP, take_signal);
    const Tree tree(fake_.root(), [this](const std::string &path, std::string_view text) {
        (void)std::raise(SIGHUP);
        return fake_.writer()(path, text);
    });
    {
        Transaction transaction(tree);
        ASSERT_TRUE(transaction.set(Kind::service, "tcp_echo", {{"backlog", "9"}, {"port", "8"}}));
        EXPECT_TRUE(transaction.rollback().empty());
        EXPECT_EQ(signals_taken, 0);
    }
    EXPECT_EQ(signals_taken, 1);
    EXPECT_EQ(fake_.get("services/tcp_echo/backlog"), "4096");
    (void)std::signal(SIGHUP, before);
}

TEST_F(TreeTest, MovesByWayOfAFreePlace) {
    fake_.refuse("services/tcp_echo/address", "0.0.0.0", EADDRINUSE);
    Transaction transaction(tree_);
    const auto status =
        transaction.set(Kind::service, "tcp_echo", {{"address", "0.0.0.0"}, {"port", "7007"}});
    EXPECT_EQ(status.code(), EADDRINUSE);
    const std::vector<std::string> tried{"services/tcp_echo/address=0.0.0.0",
                                         "services/tcp_echo/port=7007",
                                         "services/tcp_echo/address=0.0.0.0"};
    EXPECT_EQ(fake_.log(), tried);
}

TEST_F(TreeTest, StopsFirstAndStartsLast) {
    Transaction transaction(tree_);
    ASSERT_TRUE(transaction.set(Kind::service, "tcp_echo", {{"port", "9"}, {"enabled", "0"}}));
    ASSERT_TRUE(transaction.set(Kind::service, "tcp_echo", {{"enabled", "1"}, {"port", "8"}}));
    const std::vector<std::string> order{"services/tcp_echo/enabled=0", "services/tcp_echo/port=9",
                                         "services/tcp_echo/port=8", "services/tcp_echo/enabled=1"};
    EXPECT_EQ(fake_.log(), order);
    transaction.commit();
}

} // namespace

} // namespace kinetd::tree
