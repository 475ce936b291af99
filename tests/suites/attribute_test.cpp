// SPDX-License-Identifier: GPL-2.0
/// \file
/// Every file of /sys/kernel/kinetd: its place, its mode, who may write; and those that belong to
/// no service: what they take, what they refuse, and what they say afterwards.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "support/attribute.hpp"
#include "support/fixture.hpp"

namespace kinetd::suite {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

/// Files below the top folder, and their modes.
using Modes = std::map<std::string, mode_t>;

Modes of_the_core() {
    return {{"version", 0444},
            {"new_pool", 0200},
            {"delete_pool", 0200},
            {"pools/default/threads", 0644},
            {"pools/default/cpus", 0644},
            {"pools/default/nice", 0644},
            {"pools/default/busy_poll_us", 0644}};
}

/// Of a protocol and its first service, which has `more` settings than all services have.
Modes of_protocol(const std::string &name, const std::vector<std::string> &more = {}) {
    const auto protocol = "protocols/" + name + "/";
    const auto service = "services/" + name + "/";
    Modes modes{{protocol + "transport", 0444},   {protocol + "default_port", 0444},
                {protocol + "new_service", 0200}, {protocol + "delete_service", 0200},
                {service + "protocol", 0444},     {service + "netns", 0444}};
    for (const char *setting :
         {"address", "port", "enabled", "exec", "pool", "backlog", "max_connections",
          "max_per_source", "idle_timeout_ms", "send_timeout_ms"})
        modes[service + setting] = 0644;
    for (const auto &setting : more)
        modes[service + setting] = 0644;
    for (const char *counter :
         {"connections_accepted", "connections_active", "connections_closed", "connections_refused",
          "connections_timed_out", "bytes_received", "bytes_sent", "datagrams_received",
          "datagrams_sent", "datagrams_dropped", "errors"})
        modes[service + "stats/" + counter] = 0444;
    return modes;
}

class Attribute : public EchoTest {
protected:
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
    /// These are all, and their modes are right.
    static void expect_files(Modes expected, const Modes &more) {
        expected.insert(more.begin(), more.end());
        for (const auto &path : files()) {
            const auto known = expected.extract(path.substr(sysfs_root.size() + 1));
            EXPECT_FALSE(known.empty()) << "nobody expects " << path;
            if (!known.empty()) {
                EXPECT_EQ(mode_of(path), known.mapped())
                    << std::oct << path << ": 0" << mode_of(path) << " is not 0" << known.mapped();
            }
        }
        for (const auto &missing : expected)
            ADD_FAILURE() << "there is no " << missing.first;
    }
};

TEST_F(Attribute, filesAreAllThereAndNoOthers) {
    expect_files(of_the_core(), of_protocol("tcp_echo"));
}

TEST_F(Attribute, filesOfUdpAreAllThereAndNoOthers) {
    ASSERT_TRUE(unload().status.ok());
    expect_files(of_the_core(), {});
    ASSERT_TRUE(insert_protocol(notify_name, parameters_for(port_)).ok());
    expect_files(of_the_core(),
                 of_protocol("udp_notify", {"min_source_port", "rate_limit_pps", "target_address",
                                            "target_port", "message"}));
}

TEST_F(Attribute, filesBelongToRootAndHoldOneLine) {
    for (const auto &path : files()) {
        struct stat status {};
        ASSERT_EQ(::stat(path.c_str(), &status), 0) << path;
        EXPECT_EQ(status.st_uid, 0U) << path;
        EXPECT_EQ(status.st_gid, 0U) << path;
        const auto text = read_file(path);
        if (mode_of(path) == 0200) {
            EXPECT_EQ(text.code(), EACCES) << path;
            continue;
        }
        ASSERT_TRUE(text.ok()) << text.text();
        ASSERT_FALSE(text->empty()) << path;
        EXPECT_EQ(text->find('\n'), text->size() - 1) << path;
    }
}

TEST_F(Attribute, versionIsThatOfTheModule) {
    const auto version = read_line(sysfs_root + "/version").value();
    EXPECT_EQ(version, read_line("/sys/module/kinetd/version").value());
    EXPECT_EQ(std::ranges::count(version, '.'), 2) << version;
    EXPECT_EQ(version.find_first_not_of("0123456789."), std::string::npos) << version;
}

TEST_F(Attribute, readOnlyFilesStayThatWay) {
    for (const auto &path : files())
        if (mode_of(path) == 0444) {
            EXPECT_EQ(write_file(path, "1\n").code(), EACCES) << path;
        }
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

TEST_F(Attribute, poolBusyPoll) {
    EXPECT_EQ(pool_.get("busy_poll_us"), "0");
    for (const char *bad : {"-1\n", "10001\n"})
        expect_refused(pool_, "busy_poll_us", bad);
    expect_numbers_only(pool_, "busy_poll_us");
    for (const char *good : {"10000", "1", "0"})
        expect_taken(pool_, "busy_poll_us", good);
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
        EXPECT_EQ(write(remove, bad), EINVAL) << remove << " took " << std::string(bad);
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
