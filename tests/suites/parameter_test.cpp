// SPDX-License-Identifier: GPL-2.0
/// \file
/// Module parameters, good and bad: a refused load says why, once, and leaves nothing behind.
#include <algorithm>
#include <cstring>
#include <map>

#include "support/datagram.hpp"
#include "support/fixture.hpp"
#include "support/health.hpp"
#include "support/netns.hpp"
#include "support/oracle.hpp"

namespace kinetd::suite {
namespace {

/// The lines that core has logged about protocols, or the module loader about their modules.
std::vector<std::string> words() {
    std::vector<std::string> lines;
    for (const auto &line : Oracle::log_so_far()) {
        const auto speaks_of = [&line](const Module &module) {
            return line.starts_with(module.name) ||
                   std::ranges::any_of(module.protocols, [&line](const char *protocol) {
                       return line.find(std::string(protocol) + ":") != std::string::npos;
                   });
        };
        if (std::ranges::any_of(protocol_modules(), speaks_of))
            lines.push_back(line);
    }
    return lines;
}

/// Loading fails so, says why in one line, and leaves nothing behind.
void expect_refused(const char *module, const std::string &parameters,
                    const std::vector<int> &codes) {
    const auto before = words().size();
    const auto loaded = insert_protocol(module, parameters);
    EXPECT_NE(std::ranges::count(codes, loaded.code()), 0) << parameters << ": " << loaded.text();
    const auto after = words();
    EXPECT_EQ(after.size(), before + 1)
        << parameters << " should log one line" << (after.empty() ? "" : ", last: " + after.back());
    EXPECT_FALSE(is_loaded(module)) << parameters;
    EXPECT_TRUE(list(sysfs_root + "/services").empty()) << parameters;
    EXPECT_TRUE(list(sysfs_root + "/protocols").empty()) << parameters;
    if (loaded)
        (void)remove_protocol(module);
}

/// The last of those lines has all of this, and the error, which not every kernel knows by its
/// name.
void expect_said(const std::string &parameters, const std::vector<std::string> &parts,
                 int error = 0) {
    const auto lines = words();
    ASSERT_FALSE(lines.empty()) << parameters;
    const auto &line = lines.back();
    const auto has = [&line](const std::string &part) {
        return line.find(part) != std::string::npos;
    };
    for (const auto &part : parts)
        EXPECT_TRUE(has(part)) << parameters << " should speak of \"" << part << "\": " << line;
    EXPECT_TRUE(error == 0 || has(std::string("error -") + ::strerrorname_np(error)) ||
                has("error -" + std::to_string(error)))
        << parameters << " should speak of " << ::strerrorname_np(error) << ": " << line;
}

constexpr std::uint16_t default_port = 7;

/// What all modules of protocols have in common.
class AnyParameter : public CoreTest, public testing::WithParamInterface<const char *> {
protected:
    static std::span<const char *const> protocols() { return module_named(GetParam()).protocols; }

    static void expect_refused(const std::string &parameters, const std::vector<int> &codes) {
        kinetd::suite::expect_refused(GetParam(), parameters, codes);
    }

    /// A socket of somebody else's at the port of a protocol.
    static Result<Descriptor> occupy(std::string_view protocol, const Endpoint &where) {
        return protocol.starts_with("udp_") ? datagram_socket(where.family(), {.source = where})
                                            : listen_on(where);
    }

    static void expect_services(const Endpoint &where, bool up) {
        for (const std::string protocol : protocols()) {
            EXPECT_EQ(Service(protocol).number("port"), where.port());
            EXPECT_EQ(Service(protocol).number("enabled"), up ? 1U : 0U);
            EXPECT_EQ(occupy(protocol, where).code(), up ? EADDRINUSE : 0) << protocol;
        }
    }
};

TEST_P(AnyParameter, noneAtAll) {
    static const std::map<std::string_view, std::uint16_t> defaults{
        {"echo", 7},     {"discard", 9}, {"notify", 2325}, {"chargen", 19},
        {"daytime", 13}, {"time", 37},   {"reverse", 1030}};
    ASSERT_TRUE(insert_protocol(GetParam(), "").ok());
    const std::string_view first = protocols().front();
    expect_services({"127.0.0.1", defaults.at(first.substr(first.find('_') + 1))}, true);
    for (const std::string protocol : protocols())
        EXPECT_EQ(Service(protocol).get("address"), "127.0.0.1");
}

TEST_P(AnyParameter, disabled) {
    const auto port = fresh_port();
    ASSERT_TRUE(insert_protocol(GetParam(), parameters_for(port) + " enabled=0").ok());
    expect_services({"127.0.0.1", port}, false);
    for (const std::string protocol : protocols())
        EXPECT_TRUE(Service(protocol).set("enabled", 1).ok());
    expect_services({"127.0.0.1", port}, true);
}

TEST_P(AnyParameter, badOnes) {
    const std::string first = std::string(protocols().front()) + ": ";
    for (const std::string port : {"0", "65536"}) {
        expect_refused("port=" + port, {EINVAL});
        expect_said("port=" + port, {first + "port=" + port + " is not 1 to 65535"});
    }
    for (const std::string address :
         {"x", "127.0.0.256", "224.0.0.1", "255.255.255.255", "ff02::1"}) {
        expect_refused("port=21998 address=" + address, {EINVAL});
        expect_said(address, {first + "address=" + address + " is not an IPv4 or IPv6 address"});
    }
    const std::string nowhere = "port=21998 address=192.0.2.1";
    expect_refused(nowhere, {EADDRNOTAVAIL});
    expect_said(nowhere, {first + "cannot serve on 192.0.2.1 port 21998"}, EADDRNOTAVAIL);
    // Of these the module loader speaks.
    for (const std::string port : {"-1", "x", "99999999999"}) {
        expect_refused("port=" + port, {EINVAL, ERANGE});
        expect_said("port=" + port, {GetParam(), "`" + port + "'", "`port'"});
    }
    expect_refused("enabled=x", {EINVAL});
    expect_said("enabled=x", {GetParam(), "`x'", "`enabled'"});
}

TEST_P(AnyParameter, portThatIsTaken) {
    // Also where only the last of its protocols finds it so.
    for (const char *protocol : protocols()) {
        const auto port = fresh_port();
        auto occupant = occupy(protocol, {"127.0.0.1", port});
        ASSERT_TRUE(occupant.ok()) << occupant.text();
        for (const std::string address : {"127.0.0.1", "0.0.0.0"}) {
            const auto parameters = parameters_for(port, address);
            expect_refused(parameters, {EADDRINUSE});
            expect_said(parameters,
                        {std::string(protocol) + ": cannot serve on " + address + " port " +
                         std::to_string(port)},
                        EADDRINUSE);
        }
        occupant->close();
        EXPECT_TRUE(insert_protocol(GetParam(), parameters_for(port)).ok());
        EXPECT_TRUE(remove_protocol(GetParam()).status.ok());
    }
}

std::vector<const char *> names_of_modules() {
    std::vector<const char *> names;
    for (const auto &module : protocol_modules())
        names.push_back(module.name);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Of, AnyParameter, testing::ValuesIn(names_of_modules()),
                         [](const auto &info) { return std::string(info.param); });

class Parameter : public CoreTest {
protected:
    static void expect_refused(const std::string &parameters, const std::vector<int> &codes) {
        suite::expect_refused(echo_name, parameters, codes);
    }
};

TEST_F(Parameter, noneAtAll) {
    ASSERT_TRUE(insert_echo("").ok());
    const Service service("tcp_echo");
    EXPECT_EQ(service.number("port"), default_port);
    EXPECT_EQ(service.get("address"), "127.0.0.1");
    EXPECT_EQ(service.get("enabled"), "1");
    auto socket = connect_to({"127.0.0.1", default_port});
    ASSERT_TRUE(socket.ok()) << socket.text();
    EXPECT_TRUE(round_trip(*socket, "hello").ok());
}

TEST_F(Parameter, disabled) {
    ASSERT_TRUE(insert_echo("enabled=0 port=21999").ok());
    const Service service("tcp_echo");
    EXPECT_EQ(service.get("enabled"), "0");
    EXPECT_EQ(service.get("port"), "21999");
    EXPECT_EQ(connect_to({"127.0.0.1", 21999}).code(), ECONNREFUSED);
    EXPECT_TRUE(service.set("enabled", 1).ok());
    EXPECT_TRUE(connect_to({"127.0.0.1", 21999}).ok());
}

TEST_F(Parameter, addressOfBothFamilies) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    const auto port = fresh_port();
    ASSERT_TRUE(insert_echo(echo_parameters(port, "::")).ok());
    for (const char *address : {"127.0.0.1", "::1"}) {
        auto socket = connect_to({address, port});
        ASSERT_TRUE(socket.ok()) << socket.text();
        EXPECT_TRUE(round_trip(*socket, "hello").ok());
    }
}

TEST_F(Parameter, badPorts) {
    for (const char *port : {"0", "65536", "-1", "x", "7x", "99999999999", "70000"})
        expect_refused(std::string("port=") + port, {EINVAL, ERANGE});
}

TEST_F(Parameter, badAddresses) {
    for (const char *address : {"x", "localhost", "127.0.0.256", "224.0.0.1", "255.255.255.255",
                                "ff02::1", "::g", "127.0.0.1/8"})
        expect_refused("port=21998 address=" + std::string(address), {EINVAL});
    expect_refused("port=21998 address=" + std::string(900, '1'), {EINVAL, ENOSPC});
}

TEST_F(Parameter, badSwitch) {
    expect_refused("enabled=x", {EINVAL});
}

TEST_F(Parameter, portThatIsTaken) {
    const auto port = fresh_port();
    auto occupant = listen_on({"127.0.0.1", port});
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    expect_refused(echo_parameters(port), {EADDRINUSE});
    expect_refused(echo_parameters(port, "0.0.0.0"), {EADDRINUSE});
    occupant->close();
    EXPECT_TRUE(insert_echo(echo_parameters(port)).ok());
}

TEST_F(Parameter, addressThatIsNotHere) {
    expect_refused("port=21998 address=192.0.2.1", {EADDRNOTAVAIL});
    if (has_ipv6())
        expect_refused("port=21998 address=2001:db8::1", {EADDRNOTAVAIL});
}

TEST_F(Parameter, familyThatIsSwitchedOff) {
    if (!has_ipv6())
        GTEST_SKIP() << "this kernel has no IPv6";
    auto place = NetworkNamespace::create().value();
    place.run([] {
        ASSERT_TRUE(write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").ok());
        expect_refused("port=21998 address=::1", {EADDRNOTAVAIL});
        EXPECT_TRUE(insert_echo("port=21998 address=127.0.0.1").ok());
        EXPECT_TRUE(connect_to({"127.0.0.1", 21998}).ok());
    });
}

TEST_F(Parameter, theModuleTwice) {
    ASSERT_TRUE(insert_echo("port=21997").ok());
    EXPECT_EQ(insert_echo("port=21996").code(), EEXIST);
    EXPECT_EQ(insert_core().code(), EEXIST);
    EXPECT_TRUE(connect_to({"127.0.0.1", 21997}).ok());
}

TEST_F(Parameter, withoutTheCore) {
    ASSERT_TRUE(remove_module(core_name).ok());
    EXPECT_EQ(insert_echo("").code(), ENOENT) << "its symbols are not there";
    EXPECT_FALSE(is_loaded(echo_name));
}

TEST_F(Parameter, aThousandRefusals) {
    const auto port = fresh_port();
    const auto occupant = listen_on({"127.0.0.1", port});
    ASSERT_TRUE(occupant.ok()) << occupant.text();
    for (int i = 0; i < sized(100, 10, 1000); i++)
        ASSERT_EQ(insert_echo(echo_parameters(port)).code(), EADDRINUSE) << "turn " << i;
    EXPECT_TRUE(insert_echo(echo_parameters(fresh_port())).ok());
}

} // namespace
} // namespace kinetd::suite
