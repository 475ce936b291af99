// SPDX-License-Identifier: GPL-2.0
#include "support/datagram_fixture.hpp"

namespace kinetd::suite {

void PrintTo(const DatagramCounts &counts, std::ostream *out) {
    *out << counts.received << " received (" << counts.bytes_received << " bytes), " << counts.sent
         << " sent (" << counts.bytes_sent << " bytes), " << counts.dropped << " dropped, "
         << counts.errors << " errors";
}

DatagramCounts counts_of(const Service &service) {
    return {service.stat("datagrams_received"), service.stat("datagrams_sent"),
            service.stat("datagrams_dropped"),  service.stat("errors"),
            service.stat("bytes_received"),     service.stat("bytes_sent")};
}

void DatagramTest::expect_nobody(const Endpoint &where) {
    const auto socket = datagram_to(where);
    ASSERT_TRUE(socket.ok()) << socket.text();
    ASSERT_TRUE(send_datagram(*socket, "anybody there?").ok());
    const auto answer = receive_datagram(*socket, patience(seconds(2)));
    EXPECT_EQ(answer.code(), ECONNREFUSED) << where.text() << ": " << answer.text();
}

void UdpEchoTest::expect_service(const Endpoint &where) {
    const auto socket = datagram_to(where);
    ASSERT_TRUE(socket.ok()) << socket.text();
    const auto answer = ask(*socket, "still here?");
    EXPECT_TRUE(answer.ok()) << where.text() << ": " << answer.text();
}

void UdpEchoTest::expect_set(const std::string &attribute, const std::string &value) const {
    const auto written = service_.set(attribute, value);
    EXPECT_TRUE(written.ok()) << attribute << "=" << value << ": " << written.text();
    EXPECT_EQ(service_.get(attribute), value);
}

} // namespace kinetd::suite
