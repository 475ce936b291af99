// SPDX-License-Identifier: GPL-2.0
// Of the lines that a benchmark's runs print: tables to stdout, and where asked for JSON and what
// gnuplot makes pictures of.
#include "socket.hpp"
#include "tables.hpp"

#include <fstream>
#include <iostream>

namespace {

struct Options {
    std::string json, plots;
};

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (name == "--json")
            options.json = arguments.text();
        else if (name == "--plots")
            options.plots = arguments.text();
        else
            throw bench::Help(name, "usage: bench_report [--json FILE] [--plots PREFIX] <RESULTS");
    }
    return options;
}

void run(const Options &options) {
    const auto results = bench::read_results(std::cin);
    if (results.cells.empty() && results.memory.empty())
        throw std::runtime_error("there are no results");
    bench::print_tables(results, std::cout);
    if (!options.json.empty()) {
        std::ofstream file(options.json);
        bench::write_json(results, file);
    }
    if (!options.plots.empty())
        bench::write_plots(results, options.plots);
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_program("bench_report", [&] { run(parse(bench::Arguments(argc, argv))); });
}
