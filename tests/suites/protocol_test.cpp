// SPDX-License-Identifier: GPL-2.0
/// \file
/// The folders of all protocols: what each says of itself, where its services begin, and whose
/// services its files make and delete.
#include "support/fixture.hpp"

namespace kinetd::suite {
namespace {

struct Known {
    const char *name;
    const char *transport;
    const char *port;
};

/// Those of the RFCs have their ports from there.
constexpr Known known[] = {
    {"tcp_chargen", "tcp", "19"},  {"tcp_daytime", "tcp", "13"},   {"tcp_discard", "tcp", "9"},
    {"tcp_echo", "tcp", "7"},      {"tcp_reverse", "tcp", "1030"}, {"tcp_time", "tcp", "37"},
    {"udp_daytime", "udp", "13"},  {"udp_discard", "udp", "9"},    {"udp_echo", "udp", "7"},
    {"udp_notify", "udp", "2325"}, {"udp_time", "udp", "37"}};

/// All protocols, whose services are down and so in nobody's way.
class Protocol : public CoreTest {
protected:
    void SetUp() override {
        CoreTest::SetUp();
        for (const auto &module : protocol_modules()) {
            if (HasFatalFailure())
                return;
            const auto loaded = insert_protocol(module.name, "enabled=0");
            ASSERT_TRUE(loaded.ok()) << loaded.text();
        }
    }

    static Folder folder(const std::string &protocol) {
        return Folder(sysfs_root + "/protocols/" + protocol);
    }
};

TEST_F(Protocol, isOneOfThese) {
    std::vector<std::string> names;
    for (const auto &protocol : known)
        names.emplace_back(protocol.name);
    EXPECT_EQ(list(sysfs_root + "/protocols"), names);
}

TEST_F(Protocol, saysItsTransportAndItsPort) {
    for (const auto &[name, transport, port] : known) {
        EXPECT_EQ(folder(name).get("transport"), transport) << name;
        EXPECT_EQ(folder(name).get("default_port"), port) << name;
    }
}

TEST_F(Protocol, givesItsPortToANewService) {
    for (const auto &[name, transport, port] : known) {
        ASSERT_TRUE(new_service("fresh", name).ok()) << name;
        const Service fresh("fresh");
        EXPECT_EQ(fresh.get("protocol"), name);
        EXPECT_EQ(fresh.get("port"), port) << name;
        EXPECT_EQ(fresh.get("address"), "127.0.0.1") << name;
        EXPECT_EQ(fresh.get("enabled"), "0") << name;
        // What the module itself has made began there as well.
        EXPECT_EQ(Service(name).get("port"), port) << name;
        ASSERT_TRUE(delete_service("fresh", name).ok()) << name;
    }
}

TEST_F(Protocol, sharesTheNamesOfServicesWithAllOthers) {
    ASSERT_TRUE(new_service("shared", "tcp_echo").ok());
    for (const auto &protocol : known) {
        EXPECT_EQ(new_service("shared", protocol.name).code(), EEXIST) << protocol.name;
        EXPECT_EQ(new_service("udp_time", protocol.name).code(), EEXIST) << protocol.name;
    }
    EXPECT_EQ(Service("shared").get("protocol"), "tcp_echo");
    EXPECT_EQ(Service("udp_time").get("protocol"), "udp_time");
    // Free again, it is anybody's.
    ASSERT_TRUE(delete_service("shared", "tcp_echo").ok());
    ASSERT_TRUE(new_service("shared", "udp_time").ok());
    EXPECT_EQ(Service("shared").get("protocol"), "udp_time");
}

TEST_F(Protocol, deletesNoServiceOfAnother) {
    ASSERT_TRUE(new_service("shared", "tcp_echo").ok());
    for (const auto &protocol : known) {
        if (protocol.name != std::string_view("tcp_echo")) {
            EXPECT_EQ(delete_service("shared", protocol.name).code(), ENOENT) << protocol.name;
            EXPECT_EQ(delete_service("tcp_echo", protocol.name).code(), ENOENT) << protocol.name;
        }
        EXPECT_EQ(delete_service("nowhere", protocol.name).code(), ENOENT) << protocol.name;
    }
    EXPECT_TRUE(Service("shared").present());
    EXPECT_TRUE(Service("tcp_echo").present());
    EXPECT_TRUE(delete_service("shared", "tcp_echo").ok());
    EXPECT_EQ(delete_service("shared", "tcp_echo").code(), ENOENT);
}

TEST_F(Protocol, tellsABadNameFromAMissingOne) {
    for (const auto &protocol : known)
        for (const char *bad :
             {"Upper", "a.b", "../udp_echo", "a b", "aaaaaaaaaabbbbbbbbbbccccccccccdd"}) {
            EXPECT_EQ(new_service(bad, protocol.name).code(), EINVAL) << protocol.name << bad;
            EXPECT_EQ(delete_service(bad, protocol.name).code(), EINVAL) << protocol.name << bad;
        }
    EXPECT_EQ(delete_service("aaaaaaaaaabbbbbbbbbbccccccccccd", "tcp_echo").code(), ENOENT);
}

} // namespace
} // namespace kinetd::suite
