// SPDX-License-Identifier: GPL-2.0
/// \file
/// Every file of a client: what it takes, what it refuses, and what it says afterwards.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <filesystem>
#include <map>

#include "support/client_fixture.hpp"
#include "support/netns.hpp"

namespace kinetd::suite {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

class ClientAttribute : public ClientTest {
protected:
    void expect_taken(const std::string &attribute, const std::string &value,
                      const std::string &in_force) const {
        const auto written = client_.set(attribute, value);
        EXPECT_TRUE(written.ok()) << attribute << "=" << value << ": " << written.text();
        EXPECT_EQ(client_.get(attribute), in_force);
    }
    void expect_taken(const std::string &attribute, const std::string &value) const {
        expect_taken(attribute, value, value);
    }
    void expect_refused(const std::string &attribute, std::string_view bytes) const {
        const auto before = client_.get(attribute);
        EXPECT_EQ(client_.set_raw(attribute, bytes).code(), EINVAL)
            << attribute << "=\"" << bytes << "\"";
        EXPECT_EQ(client_.get(attribute), before) << attribute << "=\"" << bytes << "\"";
    }
    void expect_numbers_only(const std::string &attribute) const {
        for (const auto bytes :
             {"\n"sv, " "sv, "x\n"sv, "1x\n"sv, "1 \n"sv, " 1\n"sv, "1\n\n"sv, "1\0"sv, "\0"sv,
              "1.5\n"sv, "0x1\n"sv, "-1\n"sv, "+1\n"sv, "1 2\n"sv, "1\n1\n"sv, "1,2\n"sv,
              "\xff\n"sv, "4294967296\n"sv, "18446744073709551617\n"sv})
            expect_refused(attribute, bytes);
        expect_refused(attribute, std::string(4000, '9'));
    }

    /// Files of the whole folder of clients.
    static std::vector<std::string> files() {
        std::vector<std::string> found;
        for (const auto &entry :
             std::filesystem::recursive_directory_iterator(sysfs_root + "/clients"))
            if (entry.is_regular_file())
                found.push_back(entry.path());
        return found;
    }
    static mode_t mode_of(const std::string &path) {
        struct stat status {};
        return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
    }
};

TEST_F(ClientAttribute, filesAreAllThereAndNoOthers) {
    EXPECT_EQ(list(sysfs_root + "/clients"),
              (std::vector<std::string>{"delete_client", "new_client", "probe"}));
    EXPECT_EQ(list(client_.path()),
              (std::vector<std::string>{"address", "count", "interval_us", "netns", "payload_bytes",
                                        "port", "running", "stats", "timeout_ms", "transport"}));
    EXPECT_EQ(list(client_.path() + "/stats"),
              (std::vector<std::string>{"errors", "lost", "mismatched", "received", "reconnects",
                                        "rtt_max_ns", "rtt_mean_ns", "rtt_min_ns", "rtt_p50_ns",
                                        "rtt_p99_ns", "sent"}));
}

TEST_F(ClientAttribute, filesBelongToRootAndHoldOneLine) {
    for (const auto &path : files()) {
        struct stat status {};
        ASSERT_EQ(::stat(path.c_str(), &status), 0) << path;
        EXPECT_EQ(status.st_uid, 0U) << path;
        EXPECT_EQ(status.st_gid, 0U) << path;
        const auto name = std::filesystem::path(path).filename().string();
        const bool orders = name == "new_client" || name == "delete_client";
        const bool reads = name == "netns" || path.find("/stats/") != std::string::npos;
        EXPECT_EQ(mode_of(path), orders ? 0200U : reads ? 0444U : 0644U) << path;
        const auto text = read_file(path);
        if (orders) {
            EXPECT_EQ(text.code(), EACCES) << path;
            continue;
        }
        ASSERT_TRUE(text.ok()) << text.text();
        ASSERT_FALSE(text->empty()) << path;
        EXPECT_EQ(text->find('\n'), text->size() - 1) << path;
        if (reads) {
            EXPECT_EQ(write_file(path, "1\n").code(), EACCES) << path;
        }
    }
}

TEST_F(ClientAttribute, valuesAtTheStart) {
    ASSERT_TRUE(new_client("fresh").ok());
    const Client fresh("fresh");
    const std::map<std::string, std::string> expected = {{"transport", "tcp"},
                                                         {"address", "127.0.0.1"},
                                                         {"port", "7"},
                                                         {"payload_bytes", "64"},
                                                         {"interval_us", "1000000"},
                                                         {"count", "0"},
                                                         {"timeout_ms", "1000"},
                                                         {"running", "0"}};
    for (const auto &[attribute, value] : expected)
        EXPECT_EQ(fresh.get(attribute), value) << attribute;
    EXPECT_EQ(fresh.number("netns"), own_namespace_inode());
    for (const auto &counter : list(fresh.path() + "/stats"))
        EXPECT_EQ(fresh.stat(counter), 0U) << counter;
}

TEST_F(ClientAttribute, transport) {
    for (const auto bad : {"\n"sv, "TCP\n"sv, "tcp \n"sv, "tcp\0"sv, "sctp\n"sv, "1\n"sv, "\0"sv,
                           "tcpudp\n"sv, "[tcp]\n"sv})
        expect_refused("transport", bad);
    for (const char *good : {"udp", "udp", "tcp"})
        expect_taken("transport", good);
}

TEST_F(ClientAttribute, address) {
    for (const auto bad :
         {"localhost\n"sv, "127.0.0\n"sv, "127.0.0.1/8\n"sv, "256.0.0.1\n"sv, "127.0.0.1 \n"sv,
          " 127.0.0.1\n"sv, "127.0.0.1\0"sv, "127.0.0.1\n\n"sv, "::g\n"sv, "[::1]\n"sv,
          "127.0.0.1:7\n"sv, "\n"sv, "\0"sv, "224.0.0.1\n"sv, "255.255.255.255\n"sv, "ff02::1\n"sv})
        expect_refused("address", bad);
    for (const char *good : {"10.1.2.3", "2001:db8::1", "::1", "127.0.0.1"})
        expect_taken("address", good);
    expect_taken("address", "0000::0001", "::1");
}

TEST_F(ClientAttribute, numbers) {
    struct Range {
        const char *attribute;
        std::vector<std::string> good;
        std::vector<std::string> bad;
    };
    for (const auto &range : {Range{"port", {"1", "65535", "7"}, {"0", "65536"}},
                              Range{"interval_us", {"0", "1", "4294967295"}, {}},
                              Range{"count", {"1", "4294967295", "0"}, {}},
                              Range{"timeout_ms", {"1", "3600000"}, {"0", "3600001"}},
                              Range{"payload_bytes", {"1", "1048576", "64"}, {"0", "1048577"}},
                              Range{"running", {"0"}, {"2", "10"}}}) {
        expect_numbers_only(range.attribute);
        for (const auto &value : range.bad)
            expect_refused(range.attribute, value + "\n");
        for (const auto &value : range.good)
            expect_taken(range.attribute, value);
    }
}

TEST_F(ClientAttribute, payloadFitsTheTransport) {
    expect_taken("payload_bytes", "7");
    expect_refused("transport", "udp\n");
    expect_taken("payload_bytes", "65508");
    expect_refused("transport", "udp\n");
    expect_taken("payload_bytes", "65507");
    expect_taken("transport", "udp");
    expect_taken("payload_bytes", "8");
    for (const char *bad : {"7\n", "0\n", "65508\n", "1048576\n"})
        expect_refused("payload_bytes", bad);
}

TEST_F(ClientAttribute, names) {
    const auto write = [](const std::string &file, std::string_view bytes) {
        return write_file(sysfs_root + "/clients/" + file, bytes).code();
    };
    for (const auto bad :
         {"\n"sv, "Upper\n"sv, "a b\n"sv, "a/b\n"sv, "..\n"sv, "a.b\n"sv, "a\0"sv, "a\0b\n"sv,
          "a\n\n"sv, " a\n"sv, "a \n"sv, "*\n"sv, "\0"sv, "aaaaaaaaaabbbbbbbbbbccccccccccdd\n"sv}) {
        EXPECT_EQ(write("new_client", bad), EINVAL) << bad;
        EXPECT_EQ(write("delete_client", bad), EINVAL) << bad;
    }
    EXPECT_EQ(write("new_client", std::string(4000, 'a')), EINVAL);
    for (const auto &good :
         {"a"s, "0"s, "-"s, "_"s, "a-b_c0"s, "aaaaaaaaaabbbbbbbbbbccccccccccd"s}) {
        EXPECT_EQ(write("new_client", good), 0) << good;
        EXPECT_TRUE(Client(good).present()) << good;
        EXPECT_EQ(write("new_client", good + "\n"), EEXIST) << good;
        EXPECT_EQ(write("delete_client", good + "\n"), 0) << good;
        EXPECT_EQ(write("delete_client", good), ENOENT) << good;
        EXPECT_FALSE(Client(good).present()) << good;
    }
    EXPECT_EQ(new_client("probe").code(), EEXIST);
}

TEST_F(ClientAttribute, settingsStayWhileItRuns) {
    ASSERT_TRUE(client_.start().ok());
    ASSERT_TRUE(client_.grows("received"));
    for (const auto &[attribute, value] :
         std::initializer_list<std::pair<const char *, const char *>>{{"transport", "udp"},
                                                                      {"address", "127.0.0.2"},
                                                                      {"port", "7"},
                                                                      {"payload_bytes", "100"},
                                                                      {"interval_us", "5"},
                                                                      {"count", "5"},
                                                                      {"timeout_ms", "5"}}) {
        const auto before = client_.get(attribute);
        EXPECT_EQ(client_.set(attribute, value).code(), EBUSY) << attribute;
        EXPECT_EQ(client_.set(attribute, before).code(), EBUSY) << attribute;
        EXPECT_EQ(client_.set(attribute, "junk").code(), EINVAL) << attribute;
        EXPECT_EQ(client_.get(attribute), before) << attribute;
    }
    EXPECT_TRUE(client_.start().ok()) << "it runs already";
    EXPECT_TRUE(client_.running());
    ASSERT_TRUE(client_.grows("received"));
    ASSERT_TRUE(client_.stop().ok());
    ASSERT_TRUE(client_.stop().ok()) << "it has stopped already";
    expect_taken("payload_bytes", "100");
    expect_balance();
}

TEST_F(ClientAttribute, writingWantsTheCapability) {
    // Capabilities belong to a thread: this one loses its own and no other's.
    std::thread([this] {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct data[2]{};
        ASSERT_EQ(::syscall(SYS_capget, &header, data), 0);
        data[0].effective &= ~(1U << CAP_NET_ADMIN);
        data[0].permitted &= ~(1U << CAP_NET_ADMIN);
        ASSERT_EQ(::syscall(SYS_capset, &header, data), 0);
        EXPECT_EQ(new_client("a").code(), EPERM);
        EXPECT_EQ(delete_client("probe").code(), EPERM);
        EXPECT_EQ(client_.start().code(), EPERM);
        for (const auto &path : files())
            if (mode_of(path) == 0644) {
                EXPECT_EQ(write_file(path, *read_line(path) + "\n").code(), EPERM) << path;
            }
    }).join();
    EXPECT_FALSE(Client("a").present());
    EXPECT_TRUE(client_.present());
    EXPECT_FALSE(client_.running());
}

} // namespace
} // namespace kinetd::suite
