// SPDX-License-Identifier: GPL-2.0
/// \file
/// Files that are wrong in one place each: one line tells the file, the line, the value and the
/// fix.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "config/document.hpp"
#include "config/key.hpp"

namespace kinetd::test {
namespace {

struct Malformed {
    std::string text;
    int line;
    std::string named; ///< what the message must hold: the key or the value that is wrong
    std::string fix;   ///< and what helps
};

/// Values of every type that no key of this kind takes, as the file has them and as a message does.
std::vector<std::pair<std::string, std::string>> wrong_values(const config::Key &key) {
    using config::Kind;
    std::vector<std::pair<std::string, std::string>> values{
        {"[1]", "list"}, {"{a=1}", "table"}, {"1.5", "fraction"}, {"2026-11-25", "date"}};
    if (key.kind != Kind::flag)
        values.emplace_back("true", "true");
    if (key.kind != Kind::number)
        values.emplace_back("7", "7");
    if (key.kind == Kind::number) {
        values.emplace_back(std::to_string(key.least - 1), std::to_string(key.least - 1));
        values.emplace_back(std::to_string(key.most + 1), std::to_string(key.most + 1));
        values.emplace_back("9223372036854775807", "9223372036854775807");
        values.emplace_back("\"1\"", "\"1\"");
    } else if (key.kind == Kind::text) {
        values.emplace_back("\"\"", "\"\"");
        values.emplace_back("\"" + std::string(1025, 'x') + "\"", "1025 bytes");
        values.emplace_back("\"two\\nlines\"", "two\\x0alines");
        values.emplace_back("\"nul\\u0000\"", "nul\\x00");
    } else {
        values.emplace_back("\"\"", "\"\"");
        values.emplace_back("\"No such\"", "\"No such\"");
        values.emplace_back("\"a\\nb\"", "a\\x0ab");
        values.emplace_back("\"a\\u0000\"", "a\\x00");
    }
    return values;
}

/// Each key of a pool or of a service of some protocol, with each value that it does not take.
void add_wrong_values(std::vector<Malformed> &files) {
    const auto add = [&](const std::string &head, const std::string &object, int line,
                         const config::Key &key) {
        for (const auto &[value, shown] : wrong_values(key))
            files.push_back({fmt::format("{}{} = {}\n", head, key.name, value), line,
                             fmt::format("{}: {} = ", object, key.name),
                             "it takes " + config::values_of(key)});
    };
    for (const auto &key : config::pool_keys())
        add("[pools.p]\n", "pools.p", 2, key);
    for (const auto &key : config::service_keys()) {
        const char *protocol = key.scope == config::Scope::udp ? "udp_notify" : "tcp_echo";
        add(fmt::format("[services.s]\nprotocol = \"{}\"\n", protocol), "services.s", 3, key);
    }
}

/// Each key with a letter too many, one too few, and two swapped.
void add_misspelt_keys(std::vector<Malformed> &files) {
    const auto add = [&](const std::string &head, int line, std::string_view key) {
        std::string swapped(key);
        std::swap(swapped[0], swapped[1]);
        for (const auto &wrong : {std::string(key) + "s", std::string(key.substr(1)), swapped})
            files.push_back({fmt::format("{}{} = 1\n", head, wrong), line, "\"" + wrong + "\"",
                             fmt::format("did you mean {}?", key)});
    };
    for (const auto &key : config::pool_keys())
        add("[pools.p]\n", 2, key.name);
    for (const auto &key : config::service_keys())
        add("[services.s]\nprotocol = \"udp_notify\"\n", 3, key.name);
    add("[services.s]\n", 2, "protocol");
}

void add_keys_of_others(std::vector<Malformed> &files) {
    for (const auto &protocol : config::known_protocols())
        for (const auto &key : config::service_keys())
            if (!config::applies(key, protocol))
                files.push_back({fmt::format("[services.s]\nprotocol = \"{}\"\n{} = 1\n",
                                             protocol.name, key.name),
                                 3, fmt::format("{} means nothing to {}", key.name, protocol.name),
                                 "take the line out"});
}

void add_names(std::vector<Malformed> &files) {
    for (const auto *name : {"A", "a.b", "", "a b", "abcdefghijklmnopqrstuvwxyz0123456", "ü", "a/b",
                             "..", "a\\n", "\\u0000"})
        for (const auto *folder : {"pools", "services"})
            files.push_back({fmt::format("\n[{}.\"{}\"]\nprotocol = \"tcp_echo\"\n", folder, name),
                             2, fmt::format("{}.\"", folder), "1 to 31 of a-z, 0-9, _ and -"});
}

void add_addresses(std::vector<Malformed> &files) {
    for (const auto *address :
         {"127.0.0", "127.0.0.256", "127.0.0.1 ", "localhost", "::g", ":::", "fe80::1%lo",
          "127.0.0.1:7", "[::1]", "224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::1",
          "::ffff:224.0.0.1", "0127.0.0.1", "1"})
        files.push_back(
            {fmt::format("[services.s]\naddress = \"{}\"\nprotocol = \"tcp_echo\"\n", address), 2,
             fmt::format("\"{}\"", address), "it takes one host's address"});
}

void add_cpus(std::vector<Malformed> &files) {
    for (const auto *cpus : {"3-1", "0-", "-1", "a", "0,,1", "0 1", "0-3:2", "8192", "99999999999",
                             "all", "0-3,", "0x1"})
        files.push_back({fmt::format("[pools.p]\ncpus = \"{}\"\n", cpus), 2,
                         fmt::format("\"{}\"", cpus), "ranges such as"});
}

void add_protocols(std::vector<Malformed> &files) {
    const std::string head = "[services.s]\nport = 1\nprotocol = ";
    files.push_back({"[services.s]\nport = 1\n", 1, "protocol is missing", "add protocol ="});
    files.push_back({head + "\"tcp_ehco\"\n", 3, "\"tcp_ehco\"", "did you mean tcp_echo?"});
    files.push_back({head + "\"udp_ech\"\n", 3, "\"udp_ech\"", "did you mean udp_echo?"});
    files.push_back({head + "\"tcpdaytime\"\n", 3, "\"tcpdaytime\"", "did you mean tcp_daytime?"});
    files.push_back({head + "\"http\"\n", 3, "\"http\"", "need their module in modules"});
    files.push_back({head + "\"TCP_ECHO\"\n", 3, "\"TCP_ECHO\"", "it takes a protocol's"});
    for (const auto *value : {"7", "true", "[]", "{}", "1.0", "\"\""})
        files.push_back({head + value + "\n", 3, "protocol = ", "it takes a protocol's"});
    files.push_back({"modules = [\"x\"]\n\n[services.s]\nprotocol = \"x\"\n", 3, "port is missing",
                     "add port"});
    files.push_back({"modules = [\"x\"]\n[services.s]\nprotocol = \"x\"\nport = 1\nstats = 1\n", 5,
                     "\"stats\"", "name a file"});
    files.push_back({"modules = [\"x\"]\n[services.s]\nprotocol = \"x\"\nport = 1\nq = [1]\n", 5,
                     "q = ", "it takes a string"});
}

void add_modules(std::vector<Malformed> &files) {
    files.push_back({"modules = \"x\"\n", 1, "\"x\"", "write modules = ["});
    files.push_back({"modules = 3\n", 1, "modules = 3", "write modules = ["});
    for (const auto *module : {"3", "\"\"", "\"a b\"", "\"-r\"", "\"../x\"", "[]", "\"x.ko\""})
        files.push_back(
            {fmt::format("modules = [\n{}]\n", module), 2, "modules: ", "as modprobe takes it"});
    files.push_back({"modules = [\n\"a-b\",\n\"a_b\"]\n", 3, "\"a_b\"", "take one out"});
    files.push_back({"modules = [\"proto_tcp_echo\"]\n", 1, "\"proto_tcp_echo\"", "take it out"});
    files.push_back({"modules = [\"kinetd\"]\n", 1, "\"kinetd\"", "take it out"});
}

void add_shapes(std::vector<Malformed> &files) {
    for (const auto *folder : {"pools", "services"}) {
        files.push_back(
            {fmt::format("{} = 3\n", folder), 1, fmt::format("{} = 3", folder), "write ["});
        files.push_back({fmt::format("[[{}]]\nname = \"x\"\n", folder), 1, folder, "write ["});
        files.push_back({fmt::format("\n[{}]\nweb = \"tcp\"\n", folder), 3, "\"tcp\"", "write ["});
        files.push_back({fmt::format("\n[[{}.web]]\n", folder), 2, folder, "write ["});
    }
    files.push_back({"\nservice = 1\n", 2, "\"service\"", "did you mean services?"});
    files.push_back({"[pool.x]\n", 1, "\"pool\"", "did you mean pools?"});
    files.push_back({"module = []\n", 1, "\"module\"", "did you mean modules?"});
    files.push_back({"port = 7\n", 1, "\"port\"", "at the top there are"});
}

void add_relations(std::vector<Malformed> &files) {
    const std::string a = "[services.a]\nprotocol = \"tcp_echo\"\nport = 80\n";
    const auto b = [](const std::string &more) {
        return "[services.b]\nprotocol = \"tcp_echo\"\n" + more + "port = 80\n";
    };
    files.push_back({a + b(""), 6, "services.b: tcp port 80 on 127.0.0.1", "another port"});
    files.push_back({a + b("address = \"::\"\n"), 7, "tcp port 80 on ::", "services.a (line 3)"});
    files.push_back({a + b("address = \"0.0.0.0\"\n"), 7, "on 0.0.0.0", "services.a (line 3)"});
    files.push_back({b("") + a, 6, "services.a: tcp port 80", "services.b (line 3)"});
    files.push_back({"[services.a]\nprotocol=\"tcp_time\"\n[services.b]\nprotocol=\"tcp_time\"\n",
                     3, "tcp port 37", "enabled = false"});
    files.push_back({"[services.a]\nprotocol=\"udp_echo\"\n[services.b]\nprotocol=\"udp_discard\"\n"
                     "port=7\n",
                     5, "udp port 7", "enabled = false"});
    files.push_back({a + "pool = \"fast\"\n", 4, "\"fast\"", "add [pools.fast]"});
    files.push_back({a + "pool = \"fats\"\n[pools.fast]\n", 4, "\"fats\"", "add [pools.fats]"});
}

void add_no_toml(std::vector<Malformed> &files) {
    const std::vector<std::pair<std::string, int>> texts{
        {"[services.a\n", 1},
        {"\nx\n", 2},
        {"x =\n", 1},
        {"x = \"open\n", 1},
        {"x = 1\nx = 2\n", 2},
        {"[a]\n[a]\n", 2},
        {"x = 01\n", 1},
        {"x = \"\\q\"\n", 1},
        {"x = 1 y = 2\n", 1},
        {"= 1\n", 1},
        {"x = tru\n", 1},
        {"[]\n", 1},
        {"x = {a = 1\n", 1},
        {"x = \xff\n", 1},
        {"\n\nx = 2026-13-01\n", 3},
        {"x = 99999999999999999999\n", 1},
        {"x = 'a\n", 1},
        {"x = 1_\n", 1},
        {"\"\"\"x = 1\n", 1},
        {"<services>\n", 1},
        {"{\"services\": {}}\n", 1},
        {"services:\n  web: 1\n", 1},
        {"x = \"\\u12\"\n", 1},
        {"x.y = 1\n[x]\ny = 2\n", 2},
        {"[#\x03 SP", 1},
        {"a = 1\n\n[#\n\n[b]\n", 3},
        {"\x01\n", 1},
        {"x = \"\x01\"\n", 1},
    };
    for (const auto &[text, line] : texts)
        files.push_back({text, line, "not TOML: ", "mend it"});
    for (const auto *text :
         {"\n\u00fc = 1\n", "\n[\u0499]\n", "\nx = \ufcff\n", "\nx = \"a\" \u00fc\n",
          "\nx = \"\"\"\u00fc\"\"\"\n", "\nx = \"\"\u00fc\n", "\nx = '\\' \u00fc # '\n",
          "\nx = -\"\u0499 \ufcff\"\n", "\nx = 1'\ufcff'\n", "\nx = \"a\"\"\ufcff\"\n",
          "\nx = 1A[a.'\ufe7f\n", "\nx = 1A['\ufe7f\n", "\nx = 1='\ufe7f\n", "\nx = y{z='\ufe7f\n",
          "\nx = 1.'\ufe7f\n"})
        files.push_back({text, 2, "not ASCII", "mend it"});
}

std::vector<Malformed> all_malformed() {
    std::vector<Malformed> files;
    for (const auto add :
         {add_wrong_values, add_misspelt_keys, add_keys_of_others, add_names, add_addresses,
          add_cpus, add_protocols, add_modules, add_shapes, add_relations, add_no_toml})
        add(files);
    return files;
}

TEST(ConfigMalformed, hasEnoughOfThem) {
    std::set<std::string> texts;
    for (const auto &file : all_malformed())
        EXPECT_TRUE(texts.insert(file.text).second) << "twice: " << file.text;
    EXPECT_GE(texts.size(), 200U);
    RecordProperty("files", static_cast<int>(texts.size()));
}

TEST(ConfigMalformed, isToldInOneLine) {
    for (const auto &file : all_malformed()) {
        const auto read = config::parse(file.text);
        if (read.ok()) {
            ADD_FAILURE() << "taken: " << file.text;
            continue;
        }
        const auto line = read.error().in("bad.toml");
        EXPECT_EQ(line.rfind(fmt::format("bad.toml:{}: ", file.line), 0), 0U)
            << line << "\nis not of line " << file.line << " of\n"
            << file.text;
        EXPECT_NE(line.find(file.named), std::string::npos)
            << line << "\ndoes not name " << file.named;
        EXPECT_NE(line.find(file.fix), std::string::npos) << line << "\nlacks: " << file.fix;
        EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20; }))
            << line;
        EXPECT_LE(line.size(), 400U) << line;
    }
}

/// The value itself is in the message, so that it can be found.
TEST(ConfigMalformed, namesTheValue) {
    for (const auto &key : config::service_keys()) {
        const char *protocol = key.scope == config::Scope::udp ? "udp_notify" : "tcp_echo";
        for (const auto &[value, shown] : wrong_values(key)) {
            const auto read = config::parse(fmt::format(
                "[services.s]\nprotocol = \"{}\"\n{} = {}\n", protocol, key.name, value));
            ASSERT_FALSE(read.ok()) << key.name << " = " << value;
            EXPECT_NE(read.error().text.find(shown), std::string::npos)
                << read.error().text << "\ndoes not show " << shown;
        }
    }
}

} // namespace
} // namespace kinetd::test
