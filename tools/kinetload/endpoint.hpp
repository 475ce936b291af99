// SPDX-License-Identifier: GPL-2.0
/// \file
/// Where the server is.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "kinetload/result.hpp"

namespace kinetd::load {

class Endpoint {
public:
    /// HOST, HOST:PORT, an IPv6 literal or [LITERAL]:PORT; a name is looked up.
    static Result<Endpoint> parse(const std::string &text, std::uint16_t default_port);

    [[nodiscard]] const sockaddr *data() const {
        return reinterpret_cast<const sockaddr *>(&storage_);
    }
    [[nodiscard]] socklen_t size() const { return size_; }
    [[nodiscard]] int family() const { return storage_.ss_family; }
    /// 127.0.0.1:7 or [::1]:7.
    [[nodiscard]] std::string text() const;

private:
    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

} // namespace kinetd::load
