// SPDX-License-Identifier: GPL-2.0
#include "kinetload/options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>

#include "base/version.hpp"
#include "kinetload/quantity.hpp"

namespace kinetd::load {

namespace {

constexpr std::array<Protocol, 5> protocols{{
    {"tcp_echo", 7, true, true, true},
    {"udp_echo", 7, false, true, true},
    {"tcp_discard", 9, true, true, false},
    {"udp_discard", 9, false, true, false},
    {"tcp_chargen", 19, true, false, true},
}};

constexpr std::uint64_t most_connections = 1'000'000;
constexpr std::uint64_t most_threads = 1024;
constexpr std::uint32_t datagram_header = 8;
constexpr std::uint32_t largest_datagram = 65507;

constexpr const char *examples = R"(
Examples:
  kinetload tcp_echo 127.0.0.1:5555                       one message of 64 B at a time, for 10 s
  kinetload tcp_echo 192.0.2.1 -c 64 -t 4 --cpus 0-3      64 connections on four pinned threads
  kinetload tcp_echo 192.0.2.1 -c 16 -r 20k -d 30s        20000/s, whatever the answers do
  kinetload udp_echo [2001:db8::1]:7 -c 8 -s uniform:64-1k --timeout 200ms
  kinetload tcp_echo 192.0.2.1 --depth 16 -n 1M -w 10k    a million, after ten thousand
  kinetload tcp_echo 192.0.2.1 --churn -c 32              a connection for each message
  kinetload tcp_discard 192.0.2.1 -s 64k --json -o result.json

Exit status: 0 all well; 1 messages were lost or mismatched, or connections failed;
2 a bad option; 3 the run could not start. See kinetload(1).)";

/// The options as they were written.
struct Words {
    std::string protocol, server;
    std::string connections = "1", threads, cpus, sizes = "64", depth, rate;
    std::string duration, count, warmup, timeout, output;
    bool churn = false, reset = false, no_verify = false, spin = false, quiet = false;
    bool json = false, csv = false;
};

/// Takes values apart one by one; remembers what is wrong with the first bad one.
class Reader {
public:
    template <class T>
    void take(const char *option, const std::string &word, const Result<T> &value, T &into) {
        if (value)
            into = *value;
        else
            fail(fmt::format("{} \"{}\": {}", option, word, value.error().text));
    }
    void fail(const std::string &text) {
        if (!error_)
            error_ = text;
    }
    [[nodiscard]] const std::optional<std::string> &error() const { return error_; }

private:
    std::optional<std::string> error_;
};

Result<unsigned> parse_up_to(const std::string &word, std::uint64_t most) {
    const auto value = parse_count(word);
    if (!value || *value > most)
        return Error{fmt::format("takes a whole number from 1 to {}", most)};
    return static_cast<unsigned>(*value);
}

Result<Amount> parse_amount(const std::string &word) {
    if (word == "0")
        return Amount{0, {}};
    if (const auto count = parse_count(word))
        return Amount{{}, *count};
    if (const auto time = parse_time(word))
        return Amount{*time, {}};
    return Error{
        "takes a time of up to 366 days with its unit, or a number of messages, as in 2s or 10k"};
}

Result<Nanoseconds> parse_span(const std::string &word) {
    auto time = parse_time(word);
    if (time && *time == 0)
        return Error{"takes a time above 0, as in 500ms or 10s"};
    return time;
}

void read_protocol(const Words &words, Options &options, Reader &reader) {
    options.protocol = find_protocol(words.protocol);
    if (options.protocol == nullptr) {
        reader.fail(fmt::format("\"{}\": no such protocol; there are tcp_echo, udp_echo, "
                                "tcp_discard, udp_discard and tcp_chargen",
                                words.protocol));
        return;
    }
    reader.take("SERVER", words.server, Endpoint::parse(words.server, options.protocol->port),
                options.server);
}

void read_load(const Words &words, Options &options, Reader &reader) {
    reader.take("--connections", words.connections,
                parse_up_to(words.connections, most_connections), options.connections);
    if (!words.cpus.empty())
        reader.take("--cpus", words.cpus, parse_cpus(words.cpus), options.cpus);
    if (!words.threads.empty())
        reader.take("--threads", words.threads, parse_up_to(words.threads, most_threads),
                    options.threads);
    else if (!options.cpus.empty())
        options.threads = static_cast<unsigned>(options.cpus.size());
    reader.take("--size", words.sizes, Sizes::parse(words.sizes), options.sizes);
    if (!words.rate.empty()) {
        double rate = 0;
        reader.take("--rate", words.rate, parse_rate(words.rate), rate);
        options.rate = rate;
    }
    if (!words.depth.empty())
        reader.take("--depth", words.depth, parse_up_to(words.depth, most_connections),
                    options.depth);
    else if (options.rate)
        options.depth = 0;
}

/// Ten seconds where nothing is said, and a tenth of what is measured to warm up.
void read_length(const Words &words, Options &options, Reader &reader) {
    if (!words.duration.empty()) {
        Nanoseconds time = 0;
        reader.take("--duration", words.duration, parse_span(words.duration), time);
        options.measured.time = time;
    }
    if (!words.count.empty()) {
        std::uint64_t messages = 0;
        reader.take("--count", words.count, parse_count(words.count), messages);
        options.measured.messages = messages;
    }
    if (!options.measured.time && !options.measured.messages)
        options.measured.time = 10 * second;
    if (!words.warmup.empty())
        reader.take("--warmup", words.warmup, parse_amount(words.warmup), options.warmup);
    else if (options.measured.messages)
        options.warmup.messages = *options.measured.messages / 10;
    else
        options.warmup.time = *options.measured.time / 10;
    // A datagram may be lost; TCP takes its time to send again what was.
    options.timeout = options.protocol != nullptr && options.protocol->stream ? 5 * second : second;
    if (!words.timeout.empty())
        reader.take("--timeout", words.timeout, parse_span(words.timeout), options.timeout);
}

void read_rest(const Words &words, Options &options) {
    options.churn = words.churn;
    options.reset = words.reset;
    options.verify = !words.no_verify;
    options.spin = words.spin;
    options.quiet = words.quiet;
    options.output = words.output;
    if (words.json)
        options.format = Format::json;
    if (words.csv)
        options.format = Format::csv;
}

void check_sizes(const Options &options, Reader &reader) {
    const auto &sizes = options.sizes;
    const auto &protocol = *options.protocol;
    const std::uint32_t least = !protocol.stream && protocol.answers ? datagram_header : 1;
    if (sizes.min() < least)
        reader.fail(fmt::format("--size {}: {} takes messages from {} B{}", sizes.text(),
                                protocol.name, least,
                                least > 1 ? ", which hold their number" : ""));
    if (!protocol.stream && sizes.max() > largest_datagram)
        reader.fail(fmt::format("--size {}: a datagram holds at most {} B", sizes.text(),
                                largest_datagram));
}

/// What does not go together.
void check(const Words &words, const Options &options, Reader &reader) {
    if (options.protocol == nullptr)
        return;
    const auto &protocol = *options.protocol;
    check_sizes(options, reader);
    if (words.json && words.csv)
        reader.fail("--json and --csv: choose one of them");
    if (options.churn && !protocol.stream)
        reader.fail(fmt::format("--churn: {} has no connections; leave it out", protocol.name));
    if (options.reset && !options.churn)
        reader.fail("--reset: says how --churn ends connections; add that or leave it out");
    if (options.churn && options.depth > 1)
        reader.fail(fmt::format("--depth {}: with --churn a connection carries one message; "
                                "leave it out",
                                options.depth));
    if (!protocol.sends && options.rate && !options.churn)
        reader.fail(fmt::format("--rate {}: {} sends as fast as it can; leave it out, or add "
                                "--churn",
                                words.rate, protocol.name));
    if (!protocol.sends && options.depth > 1)
        reader.fail(fmt::format("--depth {}: nothing is sent to {}; leave it out", options.depth,
                                protocol.name));
    if (options.threads > options.connections)
        reader.fail(fmt::format("--threads {}: more than connections ({}); raise --connections",
                                options.threads, options.connections));
}

void declare_load(CLI::App &app, Words &words) {
    app.add_option("protocol", words.protocol,
                   "tcp_echo, udp_echo, tcp_discard, udp_discard or tcp_chargen")
        ->required()
        ->type_name("");
    app.add_option("server", words.server,
                   "HOST[:PORT]; the protocol's own port where none is said")
        ->required()
        ->type_name("");
    app.add_option("-c,--connections", words.connections, "connections, or UDP sockets [1]")
        ->type_name("N");
    app.add_option("-t,--threads", words.threads, "threads that share them [1, or as --cpus]")
        ->type_name("N");
    app.add_option("--cpus", words.cpus, "pin the threads, one after the other, to these CPUs")
        ->type_name("LIST");
    app.add_option("-s,--size", words.sizes, "of a message: 64, uniform:64-1k, or 64:8,1k:2 [64]")
        ->type_name("SIZE");
    app.add_option("--depth", words.depth,
                   "messages on their way on each connection [1; with --rate any number]")
        ->type_name("N");
    app.add_option("-r,--rate", words.rate,
                   "open loop: messages a second, all connections together, on a schedule that "
                   "waits for nothing; latency counts from there")
        ->type_name("RATE");
    app.add_flag("--churn", words.churn, "a connection for each message: connect, exchange, close");
    app.add_flag("--reset", words.reset,
                 "with --churn: close with a RST, which leaves no TIME_WAIT");
}

void declare_rest(CLI::App &app, Words &words) {
    app.add_option("-d,--duration", words.duration, "measure for so long [10s]")->type_name("TIME");
    app.add_option("-n,--count", words.count, "measure so many messages")->type_name("N");
    app.add_option("-w,--warmup", words.warmup,
                   "before that, not counted: a time or a number of messages [a tenth of it]")
        ->type_name("TIME|N");
    app.add_option("--timeout", words.timeout,
                   "what has not come back by then is lost [5s; UDP 1s]")
        ->type_name("TIME");
    app.add_flag("--no-verify", words.no_verify, "do not compare what comes back");
    app.add_flag("--spin", words.spin, "never sleep: ask for events again and again");
    app.add_flag("-q,--quiet", words.quiet, "no progress on the terminal");
    app.add_flag("--json", words.json, "the result as JSON");
    app.add_flag("--csv", words.csv, "the result as CSV, a heading and a line");
    app.add_option("-o,--output", words.output, "write the result there")->type_name("FILE");
}

Command usage_error(const std::string &text) {
    return {std::nullopt, exit_usage, fmt::format("kinetload: {} (kinetload --help)\n", text)};
}

Command to_command(const Words &words) {
    Options options;
    Reader reader;
    read_protocol(words, options, reader);
    read_load(words, options, reader);
    read_length(words, options, reader);
    read_rest(words, options);
    check(words, options, reader);
    if (reader.error())
        return usage_error(*reader.error());
    return {options, exit_ok, ""};
}

} // namespace

const Protocol *find_protocol(std::string_view name) {
    for (const auto &protocol : protocols)
        if (protocol.name == name)
            return &protocol;
    return nullptr;
}

Command parse_command_line(int count, const char *const *values) {
    CLI::App app("Load and latency of echo, discard and chargen servers.", "kinetload");
    app.footer(examples);
    app.set_help_flag("-h,--help", "print this");
    app.set_version_flag("--version", std::string("kinetload ") + version, "print the version");
    Words words;
    declare_load(app, words);
    declare_rest(app, words);
    try {
        app.parse(count, values);
    } catch (const CLI::CallForHelp &) {
        return {std::nullopt, exit_ok, app.help()};
    } catch (const CLI::CallForVersion &called) {
        return {std::nullopt, exit_ok, std::string(called.what()) + "\n"};
    } catch (const CLI::ParseError &error) {
        return usage_error(error.what());
    }
    return to_command(words);
}

} // namespace kinetd::load
