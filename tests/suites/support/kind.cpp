// SPDX-License-Identifier: GPL-2.0
#include "support/kind.hpp"

#include "support/datagram.hpp"

namespace kinetd::suite {

void PrintTo(const Kind &kind, std::ostream *out) {
    *out << kind.protocol;
}

std::string name_of(const testing::TestParamInfo<Kind> &info) {
    return info.param.protocol;
}

bool is_udp(const Kind &kind) {
    return std::string_view(kind.protocol).starts_with("udp_");
}

Status try_echo(const Kind &kind, const Endpoint &where) {
    constexpr std::string_view message = "still here?";
    auto socket = is_udp(kind) ? datagram_to(where) : connect_to(where);
    if (!socket)
        return socket.error();
    return is_udp(kind) ? ask(*socket, message) : round_trip(*socket, message);
}

} // namespace kinetd::suite
