// SPDX-License-Identifier: GPL-2.0
/// \file
/// The start of every test: fresh modules, and one echo service on a port that no other test has
/// had.
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

/// Parameters for the echo module.
std::string echo_parameters(std::uint16_t port, const std::string &address = "127.0.0.1");

/// So that a failed comparison of endings can be read.
void PrintTo(Ending ending, std::ostream *out);

/// Modules loaded, service up on `address`. The oracle unloads.
class EchoTest : public testing::Test {
protected:
    explicit EchoTest(std::string address = "127.0.0.1") : address_(std::move(address)) {}

    void SetUp() override {
        const auto core = insert_core();
        ASSERT_TRUE(core.ok()) << core.text();
        const auto echo = insert_echo(echo_parameters(port_, address_));
        ASSERT_TRUE(echo.ok()) << echo.text();
    }

    [[nodiscard]] Endpoint at(const std::string &address = "127.0.0.1") const {
        return {address, port_};
    }
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

    Service service_{"tcp_echo"};
    Pool pool_{"default"};
    std::uint16_t port_ = fresh_port();
    std::string address_;
};

/// The core module and nothing else.
class CoreTest : public testing::Test {
protected:
    void SetUp() override {
        const auto core = insert_core();
        ASSERT_TRUE(core.ok()) << core.text();
    }
};

} // namespace kinetd::suite
