// SPDX-License-Identifier: GPL-2.0
#include "tables.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace bench {

namespace {

constexpr std::size_t first_column = 14;

const std::map<std::string, std::string> kinds = {{"tcp", "TCP echo"},
                                                  {"veth", "TCP echo over veth, MTU 1500"},
                                                  {"churn", "TCP connect, echo, close"},
                                                  {"udp", "UDP echo"},
                                                  {"discard", "TCP discard"}};

std::string format(const char *how, double value) {
    char text[64]; // NOLINT(*-avoid-c-arrays)
    if (!std::isfinite(value))
        return "-";
    std::snprintf(text, sizeof(text), how, value);
    return text;
}

void column(std::ostream &out, const std::string &text, std::size_t width) {
    out << std::string(width > text.size() ? width - text.size() : 0, ' ') << text;
}

std::size_t width_of(const std::string &heading) {
    return std::max<std::size_t>(heading.size(), 9) + 2;
}

// Of one server to the best peer, where both are there.
std::string ratio_text(const Cell &cell, const std::string &server, const std::string &best,
                       const std::string &name) {
    return best.empty() || !cell.of.contains(server)
               ? "-"
               : format("%.3f", ratio(cell, server, best, name));
}

double widest_spread(const Cell &cell, const std::string &name) {
    double widest = 0;
    for (const auto &server : cell.servers)
        widest = std::max(widest, spread_of(cell, server, name));
    return widest;
}

// A floor's client may never leave its CPU, and then its time is not in the account.
double most_idle(const Cell &cell) {
    double most = 0;
    for (const auto &server : cell.servers)
        if (!is_floor(server))
            most = std::max(most, 100 * median_of(cell, server, "idle_ns") /
                                      median_of(cell, server, "total_ns"));
    return most;
}

double lost(const Cell &cell) {
    double sum = 0;
    for (const auto &server : cell.servers)
        for (const double value : values_of(cell, server, "lost"))
            sum += value;
    return sum;
}

void print_row(std::ostream &out, const Cell &cell, const Measure &measure,
               const std::vector<std::string> &servers) {
    const auto best = best_peer(cell, measure.name);
    out << cell.load;
    column(out, "", first_column - std::min(first_column, cell.load.size()));
    for (const auto &server : servers)
        column(out, format("%.0f", median_of(cell, server, measure.name)), width_of(label(server)));
    column(out, ratio_text(cell, "kinetd", best, measure.name), 9);
    column(out, ratio_text(cell, "kinetd-inline", best, measure.name), 9);
    column(out, format("%.1f%%", widest_spread(cell, measure.name)), 8);
    if (measure.table == "instructions")
        column(out, format("%.1f%%", most_idle(cell)), 8);
    if (measure.kind == "udp")
        column(out, format("%.0f", lost(cell)), 6);
    out << "  " << label(best) << '\n';
}

void print_measure(std::ostream &out, const Results &results, const Measure &measure) {
    const auto cells = cells_of(results, measure);
    const auto servers = servers_of(cells);
    out << '\n' << measure.title << "\n\nload";
    column(out, "", first_column - 4);
    for (const auto &server : servers)
        column(out, label(server), width_of(label(server)));
    out << "   kinetd:   inline:     +-";
    if (measure.table == "instructions")
        out << "    idle";
    if (measure.kind == "udp")
        out << "  lost";
    out << "  best peer\n";
    for (const auto *cell : cells)
        print_row(out, *cell, measure, servers);
}

// p50, p99 and p99.9 of each server, in microseconds.
void print_round_trips(std::ostream &out, const Results &results, const Measure &measure) {
    const auto cells = cells_of(results, measure);
    const auto servers = servers_of(cells);
    constexpr std::size_t width = 32;
    out << "\nRound trips of the same, us: p50/p99/p99.9\n\nload";
    column(out, "", first_column - 4);
    for (const auto &server : servers)
        column(out, label(server), std::max(width, label(server).size() + 2));
    out << '\n';
    for (const auto *cell : cells) {
        out << cell->load;
        column(out, "", first_column - std::min(first_column, cell->load.size()));
        for (const auto &server : servers) {
            std::string text;
            for (const char *name : {"p50", "p99", "p999"})
                text += (text.empty() ? "" : "/") +
                        format("%.1f", median_of(*cell, server, name) / 1000);
            column(out, text, std::max(width, label(server).size() + 2));
        }
        out << '\n';
    }
}

bool has_round_trips(const std::vector<const Cell *> &cells) {
    return std::any_of(cells.begin(), cells.end(), [](const Cell *cell) {
        return !values_of(*cell, cell->servers.front(), "p50").empty();
    });
}

void print_memory(std::ostream &out, const Results &results) {
    if (results.memory.empty())
        return;
    out << "\nMemory, bytes an idle connection, both ends\n\nserver";
    column(out, "", 8);
    for (const auto &[name, value] : results.memory.front().second)
        column(out, name, 12);
    column(out, "sum", 12);
    out << '\n';
    for (const auto &[server, values] : results.memory) {
        double sum = 0;
        out << label(server);
        column(out, "", first_column - std::min(first_column, label(server).size()));
        for (const auto &[name, value] : values) {
            column(out, format("%.0f", value), 12);
            sum += value;
        }
        column(out, format("%.0f", sum), 12);
        out << '\n';
    }
}

} // namespace

std::vector<Measure> measures_of(const Results &results) {
    std::vector<Measure> measures;
    const auto add = [&](const Cell &cell, const char *name, const std::string &file,
                         const std::string &unit) {
        for (const auto &measure : measures)
            if (measure.table == cell.table && measure.kind == cell.kind && measure.name == name)
                return;
        const auto kind = kinds.find(cell.kind);
        measures.push_back({cell.table, cell.kind, name,
                            (kind == kinds.end() ? cell.kind : kind->second) + ": " + unit,
                            cell.table + '-' + file});
    };
    for (const auto &cell : results.cells) {
        const std::string unit =
            cell.table == "instructions" ? "instructions a " : "nanoseconds of wall time a ";
        if (cell.kind == "discard") {
            add(cell, "per_mebibyte_ns", cell.kind, unit + "MiB, all together");
            add(cell, "sink_per_mebibyte_ns", cell.kind + "-own",
                unit + "MiB in the sink's own threads");
        } else {
            add(cell, "per_message_ns", cell.kind, unit + "message");
        }
    }
    return measures;
}

std::vector<const Cell *> cells_of(const Results &results, const Measure &measure) {
    std::vector<const Cell *> cells;
    for (const auto &cell : results.cells)
        if (cell.table == measure.table && cell.kind == measure.kind)
            cells.push_back(&cell);
    return cells;
}

std::vector<std::string> servers_of(const std::vector<const Cell *> &cells) {
    std::vector<std::string> servers;
    for (const auto *cell : cells)
        for (const auto &server : cell->servers)
            if (std::find(servers.begin(), servers.end(), server) == servers.end())
                servers.push_back(server);
    return servers;
}

void print_tables(const Results &results, std::ostream &out) {
    for (const auto &line : results.on)
        out << "on " << line << '\n';
    for (const auto &line : results.left_out)
        out << "left out: " << line << '\n';
    for (const auto &measure : measures_of(results)) {
        print_measure(out, results, measure);
        if (has_round_trips(cells_of(results, measure)))
            print_round_trips(out, results, measure);
    }
    print_memory(out, results);
}

} // namespace bench
