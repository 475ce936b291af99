// SPDX-License-Identifier: GPL-2.0
#include "support/attribute.hpp"

#include <gtest/gtest.h>

namespace kinetd::suite {

using namespace std::string_view_literals;

void expect_taken(const Folder &folder, const std::string &attribute, const std::string &value,
                  const std::string &in_force) {
    const auto written = folder.set(attribute, value);
    EXPECT_TRUE(written.ok()) << attribute << "=" << value << ": " << written.text();
    EXPECT_EQ(folder.get(attribute), in_force) << attribute << "=" << value;
}

void expect_taken(const Folder &folder, const std::string &attribute, const std::string &value) {
    expect_taken(folder, attribute, value, value);
}

void expect_refused(const Folder &folder, const std::string &attribute, std::string_view bytes) {
    const auto before = folder.get(attribute);
    const auto written = folder.set_raw(attribute, bytes);
    EXPECT_EQ(written.code(), EINVAL)
        << attribute << "=\"" << printable(bytes) << "\": " << written.text();
    EXPECT_EQ(folder.get(attribute), before) << attribute << "=\"" << printable(bytes) << "\"";
}

std::string printable(std::string_view bytes) {
    std::string text;
    for (const char c : bytes.substr(0, 60))
        text += c >= ' ' && c <= '~' ? std::string(1, c) : "<" + std::to_string(c) + ">";
    return text;
}

void expect_numbers_only(const Folder &folder, const std::string &attribute) {
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

void expect_empty_is_nothing(const Folder &folder, const std::string &attribute) {
    const auto before = folder.get(attribute);
    (void)folder.set_raw(attribute, "");
    EXPECT_EQ(folder.get(attribute), before) << attribute;
}

} // namespace kinetd::suite
