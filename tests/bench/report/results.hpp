// SPDX-License-Identifier: GPL-2.0
// What the runs of a benchmark said, by table, kind of load and load:
//
//   on TEXT                                what it ran on
//   left-out TEXT                          what it did not run
//   run TABLE KIND SERVER LOAD NAME=VALUE...
//   memory SERVER NAME=VALUE...            bytes a connection
#pragma once

#include <istream>
#include <map>
#include <string>
#include <vector>

namespace bench {

using Values = std::map<std::string, double>;

struct Cell {
    std::string table, kind, load;
    std::vector<std::string> servers;              // in the order in which they were measured
    std::map<std::string, std::vector<Values>> of; // a server's runs
};

struct Results {
    std::vector<std::string> on, left_out;
    std::vector<Cell> cells;
    std::vector<std::pair<std::string, Values>> memory;
};

Results read_results(std::istream &in);

double median(std::vector<double> values);

// Of a server in a cell.
std::vector<double> values_of(const Cell &cell, const std::string &server, const std::string &name);
double median_of(const Cell &cell, const std::string &server, const std::string &name);
// The widest distance of a run from the median, in percent of it.
double spread_of(const Cell &cell, const std::string &server, const std::string &name);

bool is_kinetd(const std::string &server);
bool is_floor(const std::string &server);
// The server in user space with the lowest median; empty where there is none.
std::string best_peer(const Cell &cell, const std::string &name);
// The median, over the rounds, of a server's value to another's in the same round.
double ratio(const Cell &cell, const std::string &server, const std::string &to,
             const std::string &name);

// PROGRAM:OPTION=VALUE as a column is headed.
std::string label(const std::string &server);

} // namespace bench
