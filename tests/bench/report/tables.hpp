// SPDX-License-Identifier: GPL-2.0
// What is made of the results: a text's tables, a program's JSON, gnuplot's files.
#pragma once

#include "results.hpp"

#include <ostream>

namespace bench {

// What is told of the cells of one table and kind.
struct Measure {
    std::string table, kind;
    std::string name;  // of the value
    std::string title; // for people
    std::string file;  // part of a file's name
};

std::vector<Measure> measures_of(const Results &results);
std::vector<const Cell *> cells_of(const Results &results, const Measure &measure);
std::vector<std::string> servers_of(const std::vector<const Cell *> &cells);

void print_tables(const Results &results, std::ostream &out);
void write_json(const Results &results, std::ostream &out);
// A script and its data for each measure: gnuplot makes PREFIX-....svg of it.
void write_plots(const Results &results, const std::string &prefix);

} // namespace bench
