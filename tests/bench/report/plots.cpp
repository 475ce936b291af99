// SPDX-License-Identifier: GPL-2.0
#include "tables.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace bench {

namespace {

void write_data(std::ostream &out, const std::vector<const Cell *> &cells,
                const std::vector<std::string> &servers, const std::string &name) {
    for (const auto *cell : cells) {
        const auto best = best_peer(*cell, name);
        out << cell->load;
        for (const auto &server : servers) {
            const double value = best.empty() ? NAN : ratio(*cell, server, best, name);
            if (std::isfinite(value))
                out << ' ' << value;
            else
                out << " ?";
        }
        out << '\n';
    }
}

// Bars in groups, a group a load; the line at 1 is the best peer.
void write_script(std::ostream &out, const std::string &file, const std::string &title,
                  std::size_t groups, const std::vector<std::string> &servers) {
    out << "set terminal svg size "
        << std::max<std::size_t>(640, 300 + groups * (20 + 12 * servers.size()))
        << ",480 background 'white'\nset output '" << file << ".svg'\nset title \"" << title
        << ", to the best peer's\" noenhanced\nset style data histogram\n"
           "set style histogram clustered gap 1\nset style fill solid 0.8 noborder\n"
           "set datafile missing '?'\nset logscale y 2\nset grid ytics\n"
           "set xtics rotate by -45 noenhanced\nset key outside right noenhanced\nset xrange [-1:"
        << groups
        << "]\n"
           "set arrow from graph 0, first 1 to graph 1, first 1 nohead front\nplot";
    for (std::size_t i = 0; i < servers.size(); ++i)
        out << (i == 0 ? " " : ", ") << '\'' << file << ".dat' using " << i + 2
            << ":xtic(1) title '" << label(servers[i]) << '\'';
    out << '\n';
}

} // namespace

void write_plots(const Results &results, const std::string &prefix) {
    for (const auto &measure : measures_of(results)) {
        const auto cells = cells_of(results, measure);
        // Without peers there is no ratio to draw.
        if (std::all_of(cells.begin(), cells.end(),
                        [&](const Cell *cell) { return best_peer(*cell, measure.name).empty(); }))
            continue;
        const auto servers = servers_of(cells);
        const auto file = prefix + '-' + measure.file;
        std::ofstream data(file + ".dat"), script(file + ".gp");
        write_data(data, cells, servers, measure.name);
        write_script(script, file, measure.title, cells.size(), servers);
    }
}

} // namespace bench
