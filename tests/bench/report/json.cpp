// SPDX-License-Identifier: GPL-2.0
#include "tables.hpp"

#include <nlohmann/json.hpp>

namespace bench {

namespace {

using nlohmann::json;

json runs_of(const Cell &cell, const std::string &server) {
    json runs = json::array();
    for (const auto &run : cell.of.at(server))
        runs.push_back(run);
    return runs;
}

json cell_of(const Cell &cell, const Measure &measure) {
    const auto best = best_peer(cell, measure.name);
    json result{{"table", cell.table},
                {"kind", cell.kind},
                {"load", cell.load},
                {"measure", measure.name},
                {"best_peer", best}};
    for (const auto &server : cell.servers) {
        json &entry = result["servers"][server];
        entry["median"] = median_of(cell, server, measure.name);
        entry["spread_percent"] = spread_of(cell, server, measure.name);
        if (!best.empty())
            entry["ratio_to_best_peer"] = ratio(cell, server, best, measure.name);
        entry["runs"] = runs_of(cell, server);
    }
    return result;
}

} // namespace

void write_json(const Results &results, std::ostream &out) {
    json root{{"on", results.on},
              {"left_out", results.left_out},
              {"cells", json::array()},
              {"memory_bytes_a_connection", json::object()}};
    for (const auto &measure : measures_of(results))
        for (const auto *cell : cells_of(results, measure))
            root["cells"].push_back(cell_of(*cell, measure));
    for (const auto &[server, values] : results.memory)
        root["memory_bytes_a_connection"][server] = values;
    out << root.dump(1, '\t') << '\n';
}

} // namespace bench
