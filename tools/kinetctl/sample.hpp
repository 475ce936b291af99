// SPDX-License-Identifier: GPL-2.0
/// \file
/// The tree and its workers at one moment, and what happens between two of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tree/tree.hpp"

namespace kinetd::ctl {

/// A kthread of a pool.
struct Worker {
    std::string pool;
    unsigned index = 0;
    int pid = 0;
    std::uint64_t cpu_ns = 0; ///< since it was made

    [[nodiscard]] std::string name() const { return pool + "/" + std::to_string(index); }
};

/// All workers, by pool and index. `proc` is where procfs is.
std::vector<Worker> read_workers(const std::string &proc = "/proc");

/// A moment.
struct Sample {
    double seconds = 0; ///< on a clock that only goes forward
    bool loaded = false;
    tree::Snapshot snapshot;
    std::vector<Worker> workers;
};

Sample take_sample(const tree::Tree &tree, const std::string &proc = "/proc");

/// What a service does, a second.
struct ServiceRate {
    std::string name;
    std::string place;
    bool up = false;
    bool is_udp = false;
    std::uint64_t active = 0; ///< connections now
    double arrivals = 0;      ///< connections, or datagrams
    double received = 0;      ///< bytes
    double sent = 0;
    double lost = 0;
};

/// What a client does, a second: messages, but for errors.
struct ClientRate {
    std::string name;
    double sent = 0;
    double received = 0; ///< as they were sent
    double mismatched = 0;
    double lost = 0;
    double errors = 0; ///< of the transport
};

struct WorkerRate {
    std::string name;
    int pid = 0;
    double cpu = 0; ///< 1 is a whole processor
};

/// What happened between two samples. What is new, or was made anew, begins at 0.
struct Rates {
    double seconds = 0;
    std::vector<ServiceRate> services;
    std::vector<ClientRate> clients;
    std::vector<WorkerRate> workers;
};

Rates rates_between(const Sample &before, const Sample &after);

/// The sum over all services; its name is "total".
ServiceRate total_of(const std::vector<ServiceRate> &services);

} // namespace kinetd::ctl
