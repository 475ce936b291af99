// SPDX-License-Identifier: GPL-2.0
/// \file
/// The start of every test: fresh modules, and one service on a port that no other test has had.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "support/clock.hpp"
#include "support/environment.hpp"
#include "support/file.hpp"
#include "support/module.hpp"
#include "support/service.hpp"
#include "support/socket.hpp"
#include "support/traffic.hpp"

namespace kinetd::suite {

/// Ports from below the range that clients get theirs from.
std::uint16_t fresh_port();

/// Parameters for a protocol module.
std::string parameters_for(std::uint16_t port, const std::string &address = "127.0.0.1");

/// The same, as the tests of echo call it.
std::string echo_parameters(std::uint16_t port, const std::string &address = "127.0.0.1");

/// So that a failed comparison of endings can be read.
void PrintTo(Ending ending, std::ostream *out);

/// The core module and nothing else.
class CoreTest : public testing::Test {
protected:
    void SetUp() override {
        const auto core = insert_core();
        ASSERT_TRUE(core.ok()) << core.text();
    }
};

/// Core and one protocol module, whose services are up on a fresh port. The oracle unloads.
class ProtocolTest : public CoreTest {
protected:
    /// `protocol` is the one that service_ is of, where the module registers several.
    ProtocolTest(const char *module, const std::string &protocol, std::string address = "127.0.0.1")
        : service_(protocol), module_(module), address_(std::move(address)) {}

    void SetUp() override {
        CoreTest::SetUp();
        if (!HasFatalFailure())
            load();
    }

    /// Inserts the protocol module as SetUp() has done; again, after an unload.
    void load(const std::string &more = "") const {
        const auto loaded = insert_protocol(module_, parameters_for(port_, address_) + " " + more);
        ASSERT_TRUE(loaded.ok()) << loaded.text();
    }
    [[nodiscard]] Removal unload() const { return remove_protocol(module_); }

    /// Has the workers run on CPU 0, and only while nobody else wants it: a thread that stays there
    /// (see OnCpu) goes before them.
    void hold_the_workers_back() const;

    [[nodiscard]] Endpoint at(const std::string &address = "127.0.0.1") const {
        return {address, port_};
    }

    Service service_;
    Pool pool_{"default"};
    std::string module_;
    std::uint16_t port_ = fresh_port();
    std::string address_;
};

/// tcp_echo, and clients for it.
class EchoTest : public ProtocolTest {
protected:
    explicit EchoTest(std::string address = "127.0.0.1")
        : ProtocolTest(echo_name, "tcp_echo", std::move(address)) {}

    [[nodiscard]] Descriptor client(const ConnectOptions &options = {}) const {
        return connect_to(at(), options).value();
    }

    [[nodiscard]] std::vector<Descriptor> clients(std::size_t count,
                                                  const ConnectOptions &options = {}) const {
        std::vector<Descriptor> sockets(count);
        for (auto &socket : sockets)
            socket = client(options);
        return sockets;
    }

    /// A fresh client gets a correct answer.
    void expect_service(const Endpoint &where) const {
        auto socket = connect_to(where);
        ASSERT_TRUE(socket.ok()) << socket.text();
        const auto answer = round_trip(*socket, "still here?");
        EXPECT_TRUE(answer.ok()) << answer.text();
    }
    void expect_service() const { expect_service(at()); }
};

} // namespace kinetd::suite
