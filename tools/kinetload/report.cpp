// SPDX-License-Identifier: GPL-2.0
#include "kinetload/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace kinetd::load {

namespace {

using Json = nlohmann::ordered_json;

struct Point {
    std::string_view name; ///< for people
    std::string_view key;  ///< for programs
    double percent;
};

constexpr std::array<Point, 4> points{{
    {"p50", "p50", 50},
    {"p90", "p90", 90},
    {"p99", "p99", 99},
    {"p99.9", "p999", 99.9},
}};

using Count = std::pair<std::string_view, std::uint64_t>;

/// All counters, by the names that programs know them by.
std::array<Count, 14> all_counts(const Counts &counts) {
    return {{{"sent", counts.sent},
             {"answered", counts.answered},
             {"lost", counts.lost},
             {"mismatched", counts.mismatched},
             {"duplicates", counts.duplicates},
             {"reordered", counts.reordered},
             {"overdue", counts.overdue},
             {"unexpected", counts.unexpected},
             {"late", counts.late},
             {"unsent", counts.unsent},
             {"bytes", counts.bytes},
             {"connects", counts.connects},
             {"connect_failures", counts.connect_failures},
             {"connections_lost", counts.connections_lost}}};
}

std::string loop_text(const Options &options) {
    std::string text =
        options.rate ? fmt::format("open loop at {}/s", *options.rate) : std::string("closed loop");
    if (options.churn)
        text += ", a connection for each message";
    else if (options.depth != 1 && options.depth != 0)
        text += fmt::format(", depth {}", options.depth);
    return text;
}

std::string heading(const Summary &summary) {
    const auto &options = summary.options;
    const auto plural = [](unsigned count) { return count == 1 ? "" : "s"; };
    auto text = fmt::format("{} {}: {} connection{}, {} thread{}", options.protocol->name,
                            options.server.text(), options.connections, plural(options.connections),
                            options.threads, plural(options.threads));
    if (!options.cpus.empty())
        text += fmt::format(" on CPU {}", fmt::join(options.cpus, ","));
    return text + fmt::format(", {} B, {}, {:.3f} s{}\n", options.sizes.text(), loop_text(options),
                              summary.seconds(), summary.interrupted ? " (interrupted)" : "");
}

std::string percentiles_text(const Histogram &histogram) {
    std::string text;
    for (const auto &point : points)
        text += fmt::format("{} {}, ", point.name,
                            short_time(static_cast<double>(histogram.percentile(point.percent))));
    return text + fmt::format("max {}", short_time(static_cast<double>(histogram.max())));
}

/// Only what happened.
std::string troubles_text(const Counts &counts) {
    constexpr std::array<std::string_view, 8> shown{{"lost", "mismatched", "duplicates",
                                                     "reordered", "overdue", "unexpected",
                                                     "connect_failures", "connections_lost"}};
    std::string text;
    for (const auto &[name, value] : all_counts(counts))
        for (const auto one : shown)
            if (one == name && value > 0)
                text += fmt::format(", {} {}", value, name);
    for (auto &c : text)
        c = c == '_' ? ' ' : c;
    return text.empty() ? ", all well" : text;
}

void append_cpu(std::string &text, const Summary &summary) {
    const auto &cpu = summary.cpu;
    text += fmt::format("  CPU         client {:.3f} s, {} a message", cpu.client_seconds,
                        short_time(summary.per_message(cpu.client_seconds)));
    if (cpu.machine_seconds)
        text += fmt::format("; machine {:.3f} s, {}", *cpu.machine_seconds,
                            short_time(summary.per_message(*cpu.machine_seconds)));
    text += '\n';
}

void append_open_loop(std::string &text, const Summary &summary) {
    const auto &counts = summary.ledger.counts;
    const std::uint64_t late = counts.late;
    const std::uint64_t unsent = counts.unsent;
    text += fmt::format("  schedule    {} sent 1 ms late or more, {} never; lateness {}\n", late,
                        unsent, percentiles_text(summary.ledger.lateness));
    if (unsent > 0)
        text += "  WARNING     this rate was not kept: the latencies lack what was never sent\n";
}

Json percentiles_json(const Histogram &histogram) {
    Json json;
    json["count"] = histogram.total();
    json["min"] = histogram.min();
    json["mean"] = histogram.mean();
    for (const auto &point : points)
        json[std::string(point.key)] = histogram.percentile(point.percent);
    json["max"] = histogram.max();
    return json;
}

Json options_json(const Options &options) {
    Json json;
    json["protocol"] = options.protocol->name;
    json["server"] = options.server.text();
    json["connections"] = options.connections;
    json["threads"] = options.threads;
    json["cpus"] = options.cpus;
    json["size"] = options.sizes.text();
    json["mean_size"] = options.sizes.mean();
    json["depth"] = options.depth;
    json["loop"] = options.rate ? "open" : "closed";
    json["rate"] = options.rate ? Json(*options.rate) : Json(nullptr);
    json["churn"] = options.churn;
    json["verified"] = options.verify;
    return json;
}

using Field = std::pair<std::string, std::string>;

void append_percentiles(std::vector<Field> &fields, const std::string &what,
                        const Histogram &histogram) {
    for (const auto &point : points)
        fields.emplace_back(fmt::format("{}_{}_ns", what, point.key),
                            std::to_string(histogram.percentile(point.percent)));
    fields.emplace_back(what + "_max_ns", std::to_string(histogram.max()));
}

/// A list with weights has commas in it.
std::string quoted(const std::string &text) {
    return '"' + text + '"';
}

std::vector<Field> csv_fields(const Summary &summary) {
    const auto &options = summary.options;
    std::vector<Field> fields{
        {"protocol", std::string(options.protocol->name)},
        {"server", options.server.text()},
        {"connections", std::to_string(options.connections)},
        {"threads", std::to_string(options.threads)},
        {"size", quoted(options.sizes.text())},
        {"depth", std::to_string(options.depth)},
        {"rate", options.rate ? fmt::format("{}", *options.rate) : ""},
        {"churn", options.churn ? "1" : "0"},
        {"seconds", fmt::format("{:.6f}", summary.seconds())},
    };
    for (const auto &[name, value] : all_counts(summary.ledger.counts))
        fields.emplace_back(name, std::to_string(value));
    fields.emplace_back("messages_per_second",
                        fmt::format("{:.1f}", summary.messages_per_second()));
    fields.emplace_back("mebibytes_per_second",
                        fmt::format("{:.3f}", summary.mebibytes_per_second()));
    append_percentiles(fields, "latency", summary.ledger.latency);
    append_percentiles(fields, "lateness", summary.ledger.lateness);
    append_percentiles(fields, "connect", summary.ledger.connect);
    const auto &cpu = summary.cpu;
    fields.emplace_back("client_cpu_seconds", fmt::format("{:.6f}", cpu.client_seconds));
    fields.emplace_back("machine_cpu_seconds",
                        cpu.machine_seconds ? fmt::format("{:.6f}", *cpu.machine_seconds) : "");
    return fields;
}

} // namespace

std::string short_time(double nanoseconds) {
    constexpr std::array<std::string_view, 4> units{{"ns", "us", "ms", "s"}};
    std::size_t unit = 0;
    double value = nanoseconds;
    for (; value >= 999.5 && unit + 1 < units.size(); ++unit)
        value /= 1000;
    const int digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f} {}", value, digits, units[unit]);
}

std::string text_report(const Summary &summary) {
    const auto &ledger = summary.ledger;
    const auto &counts = ledger.counts;
    auto text = heading(summary);
    text += fmt::format("  messages    {} sent, {} {}{}\n", static_cast<std::uint64_t>(counts.sent),
                        static_cast<std::uint64_t>(counts.answered),
                        summary.options.protocol->answers ? "answered" : "taken",
                        troubles_text(counts));
    text += fmt::format("  throughput  {:.1f} messages/s, {:.3f} MiB/s\n",
                        summary.messages_per_second(), summary.mebibytes_per_second());
    text += fmt::format("  latency     {}\n", percentiles_text(ledger.latency));
    if (summary.options.rate)
        append_open_loop(text, summary);
    if (ledger.connect.total() > 0)
        text += fmt::format("  connect     {} made; {}\n", ledger.connect.total(),
                            percentiles_text(ledger.connect));
    append_cpu(text, summary);
    if (!ledger.trouble.empty())
        text += fmt::format("  first       {}\n", ledger.trouble);
    return text;
}

std::string json_report(const Summary &summary) {
    Json json;
    json["options"] = options_json(summary.options);
    json["seconds"] = summary.seconds();
    json["interrupted"] = summary.interrupted;
    for (const auto &[name, value] : all_counts(summary.ledger.counts))
        json["counts"][std::string(name)] = value;
    json["messages_per_second"] = summary.messages_per_second();
    json["mebibytes_per_second"] = summary.mebibytes_per_second();
    json["latency_ns"] = percentiles_json(summary.ledger.latency);
    json["lateness_ns"] = percentiles_json(summary.ledger.lateness);
    json["connect_ns"] = percentiles_json(summary.ledger.connect);
    const auto &cpu = summary.cpu;
    json["cpu"]["client_seconds"] = cpu.client_seconds;
    json["cpu"]["client_ns_per_message"] = summary.per_message(cpu.client_seconds);
    json["cpu"]["machine_seconds"] = cpu.machine_seconds ? Json(*cpu.machine_seconds) : Json();
    json["cpu"]["machine_ns_per_message"] =
        cpu.machine_seconds ? Json(summary.per_message(*cpu.machine_seconds)) : Json();
    json["trouble"] = summary.ledger.trouble;
    return json.dump(2) + "\n";
}

std::string csv_report(const Summary &summary) {
    std::string names;
    std::string values;
    for (const auto &[name, value] : csv_fields(summary)) {
        names += (names.empty() ? "" : ",") + name;
        values += (values.empty() ? "" : ",") + value;
    }
    return names + "\n" + values + "\n";
}

std::string report(const Summary &summary) {
    switch (summary.options.format) {
    case Format::json:
        return json_report(summary);
    case Format::csv:
        return csv_report(summary);
    case Format::text:
        break;
    }
    return text_report(summary);
}

} // namespace kinetd::load
