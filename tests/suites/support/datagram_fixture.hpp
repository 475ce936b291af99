// SPDX-License-Identifier: GPL-2.0
/// \file
/// The start of the tests of UDP protocols.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "support/datagram.hpp"
#include "support/datagram_traffic.hpp"
#include "support/fixture.hpp"

namespace kinetd::suite {

/// What a UDP service counts.
struct DatagramCounts {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;
    std::uint64_t errors = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;

    bool operator==(const DatagramCounts &other) const = default;
};
void PrintTo(const DatagramCounts &counts, std::ostream *out);
DatagramCounts counts_of(const Service &service);

/// A protocol over UDP on a fresh port.
class DatagramTest : public ProtocolTest {
protected:
    using ProtocolTest::ProtocolTest;

    [[nodiscard]] Descriptor client(const DatagramOptions &options = {}) const {
        return datagram_to(at(), options).value();
    }
    [[nodiscard]] DatagramCounts counts() const { return counts_of(service_); }

    /// Nobody is bound there, so that the kernel says so.
    static void expect_nobody(const Endpoint &where);
};

/// udp_echo, and clients for it.
class UdpEchoTest : public DatagramTest {
protected:
    explicit UdpEchoTest(std::string address = "127.0.0.1")
        : DatagramTest(udp_echo_name, "udp_echo", std::move(address)) {}

    /// A fresh client gets a correct answer.
    static void expect_service(const Endpoint &where);
    void expect_service() const { expect_service(at()); }

    /// The setting, as read back.
    void expect_set(const std::string &attribute, const std::string &value) const;
};

} // namespace kinetd::suite
