// SPDX-License-Identifier: GPL-2.0
#include "kinetload/endpoint.hpp"

#include <netdb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>

namespace kinetd::load {

namespace {

struct Parts {
    std::string host;
    std::optional<std::string> port;
};

/// A second colon makes it an IPv6 literal, which has a port only behind brackets.
Parts split(const std::string &text) {
    if (text.front() == '[') {
        const auto end = text.find("]:");
        if (end != std::string::npos)
            return {text.substr(1, end - 1), text.substr(end + 2)};
        if (text.back() == ']')
            return {text.substr(1, text.size() - 2), std::nullopt};
    }
    if (std::count(text.begin(), text.end(), ':') == 1) {
        const auto colon = text.find(':');
        return {text.substr(0, colon), text.substr(colon + 1)};
    }
    return {text, std::nullopt};
}

Result<std::uint16_t> port_of(const Parts &parts, std::uint16_t default_port) {
    if (!parts.port)
        return default_port;
    // Digits alone: a port is no amount, which may be 1k.
    const auto &text = *parts.port;
    const auto *end = text.data() + text.size();
    std::uint16_t port = 0;
    const auto [rest, problem] = std::from_chars(text.data(), end, port);
    if (problem != std::errc() || rest != end || port == 0)
        return Error{"\"" + text + "\" is no port; it takes 1 to 65535"};
    return port;
}

} // namespace

Result<Endpoint> Endpoint::parse(const std::string &text, std::uint16_t default_port) {
    if (text.empty())
        return Error{"takes HOST:PORT, as in 127.0.0.1:7 or [::1]:7"};
    const auto parts = split(text);
    const auto port = port_of(parts, default_port);
    if (!port)
        return port.error();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    const int problem =
        ::getaddrinfo(parts.host.c_str(), std::to_string(*port).c_str(), &hints, &found);
    if (problem != 0)
        return Error{"no address of \"" + parts.host + "\": " + ::gai_strerror(problem)};
    const std::unique_ptr<addrinfo, void (*)(addrinfo *)> list(found, ::freeaddrinfo);
    Endpoint endpoint;
    std::memcpy(&endpoint.storage_, list->ai_addr, list->ai_addrlen);
    endpoint.size_ = list->ai_addrlen;
    return endpoint;
}

std::string Endpoint::text() const {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    (void)::getnameinfo(data(), size_, host.data(), host.size(), port.data(), port.size(),
                        NI_NUMERICHOST | NI_NUMERICSERV);
    const std::string name = host.data();
    return (family() == AF_INET6 ? "[" + name + "]" : name) + ":" + port.data();
}

} // namespace kinetd::load
