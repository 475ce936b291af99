// SPDX-License-Identifier: GPL-2.0
/// \file
/// What a run is to do, and reading that from a command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kinetload/clock.hpp"
#include "kinetload/endpoint.hpp"
#include "kinetload/result.hpp"
#include "kinetload/sizes.hpp"

namespace kinetd::load {

/// A protocol as its client sees it.
struct Protocol {
    std::string_view name;
    std::uint16_t port;
    bool stream;  ///< TCP
    bool sends;   ///< the client sends messages
    bool answers; ///< the server does
};

/// The one of this name; nullptr where there is none.
const Protocol *find_protocol(std::string_view name);

/// How long, or how many messages.
struct Amount {
    std::optional<Nanoseconds> time{};
    std::optional<std::uint64_t> messages{};
};

enum class Format { text, json, csv };

struct Options {
    const Protocol *protocol = nullptr;
    Endpoint server{};
    unsigned connections = 1;
    unsigned threads = 1;
    std::vector<unsigned> cpus{}; ///< empty: not pinned
    Sizes sizes{};
    unsigned depth = 1; ///< messages on their way on a connection; 0: any number
    std::optional<double> rate{};
    Amount measured{}; ///< whichever of the two comes first
    Amount warmup{};   ///< one of the two
    Nanoseconds timeout = second;
    bool churn = false;
    bool reset = false;
    bool verify = true;
    bool spin = false;
    bool quiet = false;
    Format format = Format::text;
    std::string output{}; ///< empty: standard output
};

/// What the command line asks for: a run, or text to print and a status to exit with.
struct Command {
    std::optional<Options> options{};
    int status = 0;
    std::string text{};
};

/// Exit statuses.
inline constexpr int exit_ok = 0;
inline constexpr int exit_trouble = 1; ///< mismatched, lost, or a connection failed
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_start = 3;

Command parse_command_line(int count, const char *const *values);

} // namespace kinetd::load
