// SPDX-License-Identifier: GPL-2.0
/// \file
/// Every file of /sys/kernel/kinetd: what it takes, what it refuses, and what it says afterwards.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <filesystem>
#include <set>

#include "support/fixture.hpp"

namespace kinetd::suite {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

class Attribute : public EchoTest {
protected:
    /// Writing gives this value in force.
    static void expect_taken(const Folder &folder, const std::string &attribute,
                             const std::string &value, const std::string &in_force) {
        const auto written = folder.set(attribute, value);
        EXPECT_TRUE(written.ok()) << attribute << "=" << value << ": " << written.text();
        EXPECT_EQ(folder.get(attribute), in_force) << attribute << "=" << value;
    }
    static void expect_taken(const Folder &folder, const std::string &attribute,
                             const std::string &value) {
        expect_taken(folder, attribute, value, value);
    }

    /// Writing these very bytes gives an error and changes nothing.
    static void expect_refused(const Folder &folder, const std::string &attribute,
                               std::string_view bytes) {
        const auto before = folder.get(attribute);
        const auto written = folder.set_raw(attribute, bytes);
        EXPECT_TRUE(out_of_order.count(written.code()) == 1)
            << attribute << "=\"" << printable(bytes) << "\": " << written.text();
        EXPECT_EQ(folder.get(attribute), before) << attribute << "=\"" << printable(bytes) << "\"";
    }

    /// The last one is what the kernel's own reader of CPU lists has for a number too large.
    inline static const std::set<int> out_of_order{EINVAL, ERANGE, EOVERFLOW};

    static std::string printable(std::string_view bytes) {
        std::string text;
        for (const char c : bytes.substr(0, 60))
            text += c >= ' ' && c <= '~' ? std::string(1, c) : "<" + std::to_string(c) + ">";
        return text;
    }

    /// What no number's file may take.
    static void expect_numbers_only(const Folder &folder, const std::string &attribute) {
        for (const std::string_view bytes : {"\n"sv,
                                             " "sv,
                                             "abc\n"sv,
                                             "1x\n"sv,
                                             "x1\n"sv,
                                             "1 2\n"sv,
                                             "1 \n"sv,
                                             "1\n\n"sv,
                                             "1\0"sv,
                                             "1\0\n"sv,
                                             "\0"sv,
                                             "\0001\n"sv,
                                             "1.5\n"sv,
                                             "0x1\n"sv,
                                             "-\n"sv,
                                             "--1\n"sv,
                                             "1,2\n"sv,
                                             "18446744073709551616\n"sv,
                                             "99999999999999999999999999\n"sv,
                                             "4294967297\n"sv,
                                             "-9223372036854775809\n"sv,
                                             "1\n1\n"sv,
                                             "\xff\xfe\n"sv})
            expect_refused(folder, attribute, bytes);
        expect_refused(folder, attribute, std::string(4000, '9'));
        expect_refused(folder, attribute, std::string(4095, ' ') + "1");
        expect_empty_is_nothing(folder, attribute);
    }

    static void expect_empty_is_nothing(const Folder &folder, const std::string &attribute) {
        const auto before = folder.get(attribute);
        (void)folder.set_raw(attribute, "");
        EXPECT_EQ(folder.get(attribute), before) << attribute;
    }

    /// Every file of the tree.
    static std::vector<std::string> files() {
        std::vector<std::string> found;
        for (const auto &entry : std::filesystem::recursive_directory_iterator(sysfs_root))
            if (entry.is_regular_file())
                found.push_back(entry.path());
        return found;
    }
    static mode_t mode_of(const std::string &path) {
        struct stat status {};
        return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
    }
};

TEST_F(Attribute, filesAreAllThere) {
    for (const char *file : {"version",
                             "new_pool",
                             "delete_pool",
                             "protocols/tcp_echo/transport",
                             "protocols/tcp_echo/default_port",
                             "protocols/tcp_echo/new_service",
                             "protocols/tcp_echo/delete_service",
                             "services/tcp_echo/protocol",
                             "services/tcp_echo/netns",
                             "services/tcp_echo/address",
                             "services/tcp_echo/port",
                             "services/tcp_echo/enabled",
                             "services/tcp_echo/exec",
                             "services/tcp_echo/pool",
                             "services/tcp_echo/backlog",
                             "services/tcp_echo/max_connections",
                             "services/tcp_echo/max_per_source",
                             "services/tcp_echo/idle_timeout_ms",
                             "services/tcp_echo/send_timeout_ms",
                             "services/tcp_echo/stats/connections_accepted",
                             "services/tcp_echo/stats/connections_active",
                             "services/tcp_echo/stats/connections_closed",
                             "services/tcp_echo/stats/connections_refused",
                             "services/tcp_echo/stats/connections_timed_out",
                             "services/tcp_echo/stats/bytes_received",
                             "services/tcp_echo/stats/bytes_sent",
                             "services/tcp_echo/stats/errors",
                             "pools/default/threads",
                             "pools/default/cpus",
                             "pools/default/nice"})
        EXPECT_TRUE(exists(sysfs_root + "/" + file)) << file;
    for (const char *file :
         {"services/tcp_echo/min_source_port", "services/tcp_echo/rate_limit_pps"})
        EXPECT_FALSE(exists(sysfs_root + "/" + file)) << file << " is for udp";
}

TEST_F(Attribute, filesBelongToRootAndHoldOneLine) {
    for (const auto &path : files()) {
        struct stat status {};
        ASSERT_EQ(::stat(path.c_str(), &status), 0) << path;
        EXPECT_EQ(status.st_uid, 0U) << path;
        EXPECT_EQ(status.st_gid, 0U) << path;
        const auto mode = mode_of(path);
        EXPECT_TRUE(mode == 0644 || mode == 0444 || mode == 0200) << path << " has " << mode;
        const auto text = read_file(path);
        if (mode == 0200) {
            EXPECT_EQ(text.code(), EACCES) << path;
            continue;
        }
        ASSERT_TRUE(text.ok()) << text.text();
        ASSERT_FALSE(text->empty()) << path;
        EXPECT_EQ(text->find('\n'), text->size() - 1) << path;
    }
}

TEST_F(Attribute, readOnlyFilesStayThatWay) {
    for (const auto &path : files())
        if (mode_of(path) == 0444) {
            EXPECT_EQ(write_file(path, "1\n").code(), EACCES) << path;
        }
}

TEST_F(Attribute, valuesAtTheStart) {
    EXPECT_FALSE(read_line(sysfs_root + "/version")->empty());
    const Folder protocol(sysfs_root + "/protocols/tcp_echo");
    EXPECT_EQ(protocol.get("transport"), "tcp");
    EXPECT_EQ(protocol.get("default_port"), "7");
    EXPECT_EQ(service_.get("protocol"), "tcp_echo");
    EXPECT_EQ(service_.get("address"), "127.0.0.1");
    EXPECT_EQ(service_.number("port"), port_);
    EXPECT_EQ(service_.get("enabled"), "1");
    EXPECT_EQ(service_.get("exec").rfind("[thread]", 0), 0U);
    EXPECT_EQ(service_.get("pool"), "default");
    EXPECT_EQ(pool_.get("nice"), "0");
    for (const auto &counter : list(service_.path() + "/stats"))
        EXPECT_EQ(service_.stat(counter), 0U) << counter;
}

TEST_F(Attribute, port) {
    for (const char *bad : {"0\n", "65536\n", "-1\n", "65537\n", "131071\n"})
        expect_refused(service_, "port", bad);
    expect_numbers_only(service_, "port");
    EXPECT_TRUE(service_.set_raw("port", std::to_string(port_)).ok()) << "no newline";
    for (const char *good : {"1", "65535", "7"})
        expect_taken(service_, "port", good);
}

TEST_F(Attribute, address) {
    for (const std::string_view bad : {"localhost\n"sv,
                                       "127.0.0.1.1\n"sv,
                                       "127.0.0\n"sv,
                                       "127.0.0.1/8\n"sv,
                                       "256.0.0.1\n"sv,
                                       "127.0.0.1 \n"sv,
                                       " 127.0.0.1\n"sv,
                                       "127.0.0.1\0"sv,
                                       "127.0.0.1\0\n"sv,
                                       "127.0.0.1\n\n"sv,
                                       "::g\n"sv,
                                       ":::\n"sv,
                                       "1::2::3\n"sv,
                                       "[::1]\n"sv,
                                       "::1:7\0"sv,
                                       "127.0.0.1:7\n"sv,
                                       "\n"sv,
                                       "\0"sv,
                                       "-\n"sv,
                                       "x\n"sv,
                                       "224.0.0.1\n"sv,
                                       "239.1.2.3\n"sv,
                                       "255.255.255.255\n"sv,
                                       "ff02::1\n"sv})
        expect_refused(service_, "address", bad);
    expect_refused(service_, "address", std::string(4000, '1'));
    expect_refused(service_, "address", std::string(500, ':') + "1\n");
    expect_empty_is_nothing(service_, "address");
    for (const char *good : {"0.0.0.0", "127.0.0.2", "127.255.255.254"})
        expect_taken(service_, "address", good);
    if (has_ipv6()) {
        expect_taken(service_, "address", "::");
        expect_taken(service_, "address", "::1");
        expect_taken(service_, "address", "0:0:0:0:0:0:0:0", "::");
        expect_taken(service_, "address", "0000::0001", "::1");
    }
}

TEST_F(Attribute, enabled) {
    for (const char *bad : {"2\n", "-1\n", "10\n", "yes\n", "on\n", "01x\n"})
        expect_refused(service_, "enabled", bad);
    expect_numbers_only(service_, "enabled");
    for (const char *good : {"1", "0", "0", "1", "1"})
        expect_taken(service_, "enabled", good);
    expect_service();
}

TEST_F(Attribute, exec) {
    EXPECT_EQ(service_.set("exec", "inline").code(), EOPNOTSUPP);
    for (const std::string_view bad : {"\n"sv, "threads\n"sv, "thread \n"sv, "[thread]\n"sv,
                                       "thread\0"sv, "THREAD\n"sv, "1\n"sv, "thread inline\n"sv})
        expect_refused(service_, "exec", bad);
    expect_empty_is_nothing(service_, "exec");
    EXPECT_TRUE(service_.set("exec", "thread").ok());
    expect_service();
}

TEST_F(Attribute, poolOfAService) {
    ASSERT_TRUE(new_pool("other").ok());
    expect_taken(service_, "pool", "other");
    EXPECT_EQ(service_.set("pool", "nowhere").code(), ENOENT);
    EXPECT_EQ(service_.get("pool"), "other");
    for (const std::string_view bad : {"\n"sv, "default\0"sv, "default \n"sv, " default\n"sv,
                                       "default\n\n"sv, "Default\n"sv, "../pools/default\n"sv}) {
        const auto code = service_.set_raw("pool", bad).code();
        EXPECT_TRUE(code == EINVAL || code == ENOENT) << printable(bad) << ": " << code;
    }
    EXPECT_EQ(service_.get("pool"), "other");
    expect_taken(service_, "pool", "default");
    EXPECT_TRUE(delete_pool("other").ok());
}

TEST_F(Attribute, backlog) {
    const auto most = read_line("/proc/sys/net/core/somaxconn").value();
    expect_taken(service_, "backlog", "16");
    expect_taken(service_, "backlog", "1");
    expect_taken(service_, "backlog", most);
    expect_taken(service_, "backlog", std::to_string(std::stoi(most) + 1), most);
    expect_refused(service_, "backlog", "-1\n");
    expect_numbers_only(service_, "backlog");
    expect_service();
}

TEST_F(Attribute, limitsAndTimeouts) {
    for (const char *attribute :
         {"max_connections", "max_per_source", "idle_timeout_ms", "send_timeout_ms"}) {
        for (const char *good : {"1", "1000", "1000000", "0"})
            expect_taken(service_, attribute, good);
        expect_refused(service_, attribute, "-1\n");
        expect_numbers_only(service_, attribute);
    }
    expect_service();
}

TEST_F(Attribute, poolThreads) {
    for (const char *bad : {"0\n", "-1\n", "1025\n", "100000\n"})
        expect_refused(pool_, "threads", bad);
    expect_numbers_only(pool_, "threads");
    for (const char *good : {"2", "1"})
        expect_taken(pool_, "threads", good);
}

TEST_F(Attribute, poolNice) {
    for (const char *bad : {"-21\n", "20\n", "100\n", "-100\n"})
        expect_refused(pool_, "nice", bad);
    expect_numbers_only(pool_, "nice");
    for (const char *good : {"-20", "19", "-1", "0"})
        expect_taken(pool_, "nice", good);
}

TEST_F(Attribute, poolCpus) {
    for (const std::string_view bad : {"\n"sv, "x\n"sv, "1-0\n"sv, "-1\n"sv, "0-\n"sv, "99999\n"sv,
                                       "0;1\n"sv, "0\0"sv, "0x1\n"sv, "0-99999999999\n"sv})
        expect_refused(pool_, "cpus", bad);
    expect_empty_is_nothing(pool_, "cpus");
    expect_taken(pool_, "cpus", "0");
    if (::sysconf(_SC_NPROCESSORS_ONLN) >= 2) {
        expect_taken(pool_, "cpus", "1");
        expect_taken(pool_, "cpus", "0-1");
        expect_taken(pool_, "cpus", "0,1", "0-1");
    }
    expect_service();
}

/// Names of services and pools obey the same rule.
void expect_name_rules(const std::string &make, const std::string &remove,
                       const std::string &folder) {
    const auto write = [](const std::string &file, std::string_view bytes) {
        return write_file(sysfs_root + "/" + file, bytes).code();
    };
    for (const std::string_view bad :
         {"\n"sv, "Upper\n"sv, "a b\n"sv, "a/b\n"sv, "..\n"sv, ".\n"sv, "a.b\n"sv, "../x\n"sv,
          "\xc3\xa4\n"sv, "a\0"sv, "a\0b\n"sv, "a\n\n"sv, " a\n"sv, "a \n"sv, "*\n"sv, "\0"sv,
          "aaaaaaaaaabbbbbbbbbbccccccccccdd\n"sv}) {
        EXPECT_EQ(write(make, bad), EINVAL) << make << " took " << std::string(bad);
        const auto code = write(remove, bad);
        EXPECT_TRUE(code == EINVAL || code == ENOENT) << remove << ": " << code;
    }
    EXPECT_EQ(write(make, std::string(4000, 'a')), EINVAL);
    const std::string prefix = sysfs_root + "/" + folder + "/";
    for (const std::string good :
         {"a", "0", "-", "_", "a-b_c0", "aaaaaaaaaabbbbbbbbbbccccccccccd"}) {
        EXPECT_EQ(write(make, good), 0) << good;
        const std::string path = prefix + good;
        EXPECT_TRUE(exists(path)) << good;
        EXPECT_EQ(write(make, good + "\n"), EEXIST) << good;
        EXPECT_EQ(write(remove, good + "\n"), 0) << good;
        EXPECT_EQ(write(remove, good), ENOENT) << good;
        EXPECT_FALSE(exists(path)) << good;
    }
}

TEST_F(Attribute, namesOfServices) {
    expect_name_rules("protocols/tcp_echo/new_service", "protocols/tcp_echo/delete_service",
                      "services");
    EXPECT_EQ(new_service("tcp_echo").code(), EEXIST);
    expect_service();
}

TEST_F(Attribute, namesOfPools) {
    expect_name_rules("new_pool", "delete_pool", "pools");
    EXPECT_EQ(new_pool("default").code(), EEXIST);
    EXPECT_EQ(delete_pool("default").code(), EBUSY);
}

TEST_F(Attribute, aNewServiceIsDownAndHasTheDefaults) {
    ASSERT_TRUE(new_service("fresh").ok());
    const Service fresh("fresh");
    EXPECT_EQ(fresh.get("enabled"), "0");
    EXPECT_EQ(fresh.get("protocol"), "tcp_echo");
    EXPECT_EQ(fresh.get("port"), "7");
    EXPECT_EQ(fresh.get("address"), "127.0.0.1");
    EXPECT_EQ(fresh.get("pool"), "default");
    EXPECT_EQ(fresh.get("max_connections"), "16384");
    EXPECT_EQ(fresh.get("send_timeout_ms"), "120000");
}

TEST_F(Attribute, theFirstServiceMayBeDeletedUnderTraffic) {
    Traffic traffic(at(), 10);
    ASSERT_TRUE(traffic.flows());
    ASSERT_TRUE(delete_service("tcp_echo").ok());
    EXPECT_EQ(traffic.end(), "");
    EXPECT_FALSE(service_.present());
    ASSERT_TRUE(new_service("tcp_echo").ok());
    ASSERT_TRUE(service_.set("port", port_).ok());
    ASSERT_TRUE(service_.set("enabled", 1).ok());
    expect_service();
}

TEST_F(Attribute, writingWantsTheCapability) {
    std::vector<std::string> writable;
    for (const auto &path : files())
        if ((mode_of(path) & 0200U) != 0)
            writable.push_back(path);
    ASSERT_GT(writable.size(), 10U);
    // Capabilities belong to a thread: this one loses its own and no other's.
    std::thread([&writable] {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct data[2]{};
        ASSERT_EQ(::syscall(SYS_capget, &header, data), 0);
        data[0].effective &= ~(1U << CAP_NET_ADMIN);
        data[0].permitted &= ~(1U << CAP_NET_ADMIN);
        ASSERT_EQ(::syscall(SYS_capset, &header, data), 0);
        for (const auto &path : writable) {
            const auto before = read_line(path);
            const auto value = mode_of(path) == 0200 ? "a"s : *before;
            EXPECT_EQ(write_file(path, value + "\n").code(), EPERM) << path;
            EXPECT_EQ(write_file(path, "junk!\n").code(), EPERM) << path;
        }
    }).join();
    EXPECT_FALSE(Service("a").present());
    EXPECT_FALSE(Pool("a").present());
    expect_service();
}

} // namespace
} // namespace kinetd::suite
