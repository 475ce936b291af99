// SPDX-License-Identifier: GPL-2.0
/// \file
/// The files of a service, of either transport: what they take, what they refuse, and what they
/// say afterwards.
#include "support/attribute.hpp"
#include "support/exec.hpp"
#include "support/kind.hpp"

namespace kinetd::suite {
namespace {

using namespace std::string_view_literals;

class ServiceAttribute : public KindTest {};

TEST_P(ServiceAttribute, filesAreThoseOfItsTransport) {
    for (const char *file : {"protocol", "netns", "address", "port", "enabled", "exec", "pool",
                             "stats/bytes_received", "stats/bytes_sent", "stats/errors"})
        EXPECT_TRUE(exists(service_.path() + "/" + file)) << file;
    for (const char *file : {"stats/datagrams_received", "stats/datagrams_sent",
                             "stats/datagrams_dropped", "min_source_port", "rate_limit_pps"})
        EXPECT_TRUE(exists(service_.path() + "/" + file) || !is_udp(GetParam())) << file;
    for (const char *file :
         {"backlog", "max_connections", "max_per_source", "idle_timeout_ms", "send_timeout_ms",
          "stats/connections_accepted", "stats/connections_active", "stats/connections_closed",
          "stats/connections_refused", "stats/connections_timed_out"})
        EXPECT_TRUE(exists(service_.path() + "/" + file) || is_udp(GetParam())) << file;
    for (const char *file : {"min_source_port", "rate_limit_pps"})
        EXPECT_EQ(exists(service_.path() + "/" + file), is_udp(GetParam())) << file;
}

TEST_P(ServiceAttribute, port) {
    for (const char *bad : {"0\n", "65536\n", "-1\n", "65537\n", "131071\n"})
        expect_refused(service_, "port", bad);
    expect_numbers_only(service_, "port");
    EXPECT_TRUE(service_.set_raw("port", std::to_string(port_)).ok()) << "no newline";
    for (const char *good : {"1", "65535", "7"})
        expect_taken(service_, "port", good);
}

TEST_P(ServiceAttribute, address) {
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

TEST_P(ServiceAttribute, enabled) {
    for (const char *bad : {"2\n", "-1\n", "10\n", "yes\n", "on\n", "01x\n"})
        expect_refused(service_, "enabled", bad);
    expect_numbers_only(service_, "enabled");
    for (const char *good : {"1", "0", "0", "1", "1"})
        expect_taken(service_, "enabled", good);
    expect_service();
}

TEST_P(ServiceAttribute, exec) {
    for (const char *choice : {"inline", "inline", "thread", "thread", "inline"}) {
        EXPECT_TRUE(service_.set("exec", choice).ok());
        EXPECT_NE(service_.get("exec").find("[" + std::string(choice) + "]"), std::string::npos);
        expect_service();
    }
    for (const std::string_view bad : {"\n"sv, "threads\n"sv, "thread \n"sv, "[thread]\n"sv,
                                       "thread\0"sv, "THREAD\n"sv, "1\n"sv, "thread inline\n"sv})
        expect_refused(service_, "exec", bad);
    expect_empty_is_nothing(service_, "exec");
    EXPECT_TRUE(service_.set("exec", "thread").ok());
    expect_service();
}

TEST_P(ServiceAttribute, poolOfAService) {
    ASSERT_TRUE(new_pool("other").ok());
    expect_taken(service_, "pool", "other");
    EXPECT_EQ(service_.set("pool", "nowhere").code(), ENOENT);
    EXPECT_EQ(service_.get("pool"), "other");
    for (const std::string_view bad : {"\n"sv, "default\0"sv, "default \n"sv, " default\n"sv,
                                       "default\n\n"sv, "Default\n"sv, "../pools/default\n"sv})
        expect_refused(service_, "pool", bad);
    EXPECT_EQ(service_.get("pool"), "other");
    expect_taken(service_, "pool", "default");
    EXPECT_TRUE(delete_pool("other").ok());
}

TEST_P(ServiceAttribute, backlog) {
    const auto most = read_line("/proc/sys/net/core/somaxconn").value();
    expect_taken(service_, "backlog", "16");
    expect_taken(service_, "backlog", "1");
    expect_taken(service_, "backlog", most);
    expect_taken(service_, "backlog", std::to_string(std::stoi(most) + 1), most);
    expect_refused(service_, "backlog", "-1\n");
    expect_numbers_only(service_, "backlog");
    expect_service();
}

TEST_P(ServiceAttribute, limitsAndTimeouts) {
    for (const char *attribute :
         {"max_connections", "max_per_source", "idle_timeout_ms", "send_timeout_ms"}) {
        for (const char *good : {"1", "1000", "1000000", "0"})
            expect_taken(service_, attribute, good);
        expect_refused(service_, attribute, "-1\n");
        expect_numbers_only(service_, attribute);
    }
    expect_service();
}

TEST_P(ServiceAttribute, valuesAtTheStart) {
    const Folder protocol(sysfs_root + "/protocols/" + GetParam().protocol);
    EXPECT_EQ(protocol.get("transport"), is_udp(GetParam()) ? "udp" : "tcp");
    EXPECT_EQ(protocol.get("default_port"), "7");
    EXPECT_EQ(service_.get("protocol"), GetParam().protocol);
    EXPECT_EQ(service_.get("address"), "127.0.0.1");
    EXPECT_EQ(service_.number("port"), port_);
    EXPECT_EQ(service_.get("enabled"), "1");
    EXPECT_EQ(service_.get("exec"),
              inline_by_environment() ? "thread [inline]" : "[thread] inline");
    EXPECT_EQ(service_.get("pool"), "default");
    for (const auto &counter : list(service_.path() + "/stats"))
        EXPECT_EQ(service_.stat(counter), 0U) << counter;
}

TEST_P(ServiceAttribute, aNewServiceIsDownAndHasTheDefaults) {
    ASSERT_TRUE(make_service("fresh").ok());
    const Service fresh("fresh");
    EXPECT_EQ(fresh.get("enabled"), "0");
    EXPECT_EQ(fresh.get("protocol"), GetParam().protocol);
    EXPECT_EQ(fresh.get("port"), "7");
    EXPECT_EQ(fresh.get("address"), "127.0.0.1");
    EXPECT_EQ(fresh.get("pool"), "default");
    EXPECT_EQ(fresh.get("max_connections"), "16384");
    EXPECT_EQ(fresh.get("send_timeout_ms"), "120000");
}

TEST_P(ServiceAttribute, names) {
    EXPECT_EQ(make_service(GetParam().protocol).code(), EEXIST);
    ASSERT_TRUE(make_service("a").ok());
    EXPECT_EQ(make_service("a").code(), EEXIST);
    ASSERT_TRUE(end_service("a").ok());
    EXPECT_EQ(end_service("a").code(), ENOENT);
    expect_service();
}

INSTANTIATE_TEST_SUITE_P(Of, ServiceAttribute, testing::Values(tcp_echo_kind, udp_echo_kind),
                         name_of);

class UdpAttribute : public ProtocolTest {
protected:
    UdpAttribute() : ProtocolTest(udp_echo_name, "udp_echo") {}
};

TEST_F(UdpAttribute, minSourcePort) {
    EXPECT_EQ(service_.get("min_source_port"), "1024");
    for (const char *good : {"0", "1", "1023", "65535", "1024"})
        expect_taken(service_, "min_source_port", good);
    for (const char *bad : {"-1\n", "65536\n", "131072\n"})
        expect_refused(service_, "min_source_port", bad);
    expect_numbers_only(service_, "min_source_port");
}

TEST_F(UdpAttribute, rateLimit) {
    EXPECT_EQ(service_.get("rate_limit_pps"), "0");
    for (const char *good : {"1", "1000", "1000000", "0"})
        expect_taken(service_, "rate_limit_pps", good);
    expect_refused(service_, "rate_limit_pps", "-1\n");
    expect_numbers_only(service_, "rate_limit_pps");
}

} // namespace
} // namespace kinetd::suite
