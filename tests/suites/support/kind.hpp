// SPDX-License-Identifier: GPL-2.0
/// \file
/// Tests that are the same for several protocols: which one it is this time.
#pragma once

#include <ostream>
#include <string>

#include "support/fixture.hpp"

namespace kinetd::suite {

struct Kind {
    const char *module;
    const char *protocol;
};

inline constexpr Kind tcp_echo_kind{echo_name, "tcp_echo"};
inline constexpr Kind udp_echo_kind{udp_echo_name, "udp_echo"};

void PrintTo(const Kind &kind, std::ostream *out);

/// For the names of the tests.
std::string name_of(const testing::TestParamInfo<Kind> &info);

/// By its name.
bool is_udp(const Kind &kind);

/// A fresh client of an echo, of either transport, gets a correct answer.
Status try_echo(const Kind &kind, const Endpoint &where);

/// Core and the protocol of this time.
class KindTest : public ProtocolTest, public testing::WithParamInterface<Kind> {
protected:
    KindTest() : ProtocolTest(GetParam().module, GetParam().protocol) {}

    /// For echoes.
    void expect_service(const Endpoint &where) const {
        const auto answer = try_echo(GetParam(), where);
        EXPECT_TRUE(answer.ok()) << where.text() << ": " << answer.text();
    }
    void expect_service() const { expect_service(at()); }

    /// Another service of the protocol.
    [[nodiscard]] static Status make_service(const std::string &name) {
        return new_service(name, GetParam().protocol);
    }
    [[nodiscard]] static Status end_service(const std::string &name) {
        return delete_service(name, GetParam().protocol);
    }
};

} // namespace kinetd::suite
