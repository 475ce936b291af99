// SPDX-License-Identifier: GPL-2.0
#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace bench {

namespace {

Values read_values(std::istream &words) {
    Values values;
    for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        if (equals != std::string::npos)
            values[word.substr(0, equals)] = std::stod(word.substr(equals + 1));
    }
    return values;
}

Cell &cell_of(Results &results, const std::string &table, const std::string &kind,
              const std::string &load) {
    for (auto &cell : results.cells)
        if (cell.table == table && cell.kind == kind && cell.load == load)
            return cell;
    return results.cells.emplace_back(Cell{table, kind, load, {}, {}});
}

void read_run(Results &results, std::istream &words) {
    std::string table, kind, server, load;
    words >> table >> kind >> server >> load;
    auto &cell = cell_of(results, table, kind, load);
    if (!cell.of.contains(server))
        cell.servers.push_back(server);
    cell.of[server].push_back(read_values(words));
}

void add_once(std::vector<std::string> &lines, const std::string &line) {
    if (std::find(lines.begin(), lines.end(), line) == lines.end())
        lines.push_back(line);
}

std::string rest(std::istream &words) {
    std::string text;
    std::getline(words >> std::ws, text);
    return text;
}

} // namespace

Results read_results(std::istream &in) {
    Results results;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string what, server;
        words >> what;
        if (what == "run")
            read_run(results, words);
        else if (what == "on")
            results.on.push_back(rest(words));
        else if (what == "left-out")
            add_once(results.left_out, rest(words));
        else if (what == "memory" && words >> server)
            results.memory.emplace_back(server, read_values(words));
    }
    return results;
}

double median(std::vector<double> values) {
    if (values.empty())
        return NAN;
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::vector<double> values_of(const Cell &cell, const std::string &server,
                              const std::string &name) {
    std::vector<double> values;
    const auto runs = cell.of.find(server);
    if (runs == cell.of.end())
        return values;
    for (const auto &run : runs->second)
        if (const auto value = run.find(name); value != run.end())
            values.push_back(value->second);
    return values;
}

double median_of(const Cell &cell, const std::string &server, const std::string &name) {
    return median(values_of(cell, server, name));
}

double spread_of(const Cell &cell, const std::string &server, const std::string &name) {
    const auto values = values_of(cell, server, name);
    const double middle = median(values);
    double widest = 0;
    for (const double value : values)
        widest = std::max(widest, std::abs(value - middle));
    return 100 * widest / middle;
}

bool is_kinetd(const std::string &server) {
    return server.starts_with("kinetd");
}

bool is_floor(const std::string &server) {
    return server.starts_with("sockmap_echo") || server.starts_with("xdp_echo");
}

std::string best_peer(const Cell &cell, const std::string &name) {
    std::string best;
    for (const auto &server : cell.servers)
        if (!is_kinetd(server) && !is_floor(server) &&
            (best.empty() || median_of(cell, server, name) < median_of(cell, best, name)))
            best = server;
    return best;
}

double ratio(const Cell &cell, const std::string &server, const std::string &to,
             const std::string &name) {
    auto values = values_of(cell, server, name);
    const auto others = values_of(cell, to, name);
    values.resize(std::min(values.size(), others.size()));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] /= others[i];
    return median(std::move(values));
}

std::string label(const std::string &server) {
    std::istringstream words(server);
    std::string text, word;
    std::getline(words, text, ':');
    if (text.ends_with("_echo"))
        text.resize(text.size() - 5);
    if (text.starts_with("tcp_"))
        text.erase(0, 4);
    while (std::getline(words, word, ':'))
        text += ' ' + word.substr(word.find('=') + 1);
    return text;
}

} // namespace bench
