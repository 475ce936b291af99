// SPDX-License-Identifier: GPL-2.0
/// \file
/// Threads that each do one thing over and over, and note the errnos that they meet.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/result.hpp"

namespace kinetd::suite {

class Hammer {
public:
    using Blow = std::function<Status(int)>;

    explicit Hammer(const std::vector<Blow> &blows);
    ~Hammer() { stop(); }
    Hammer(const Hammer &) = delete;
    Hammer &operator=(const Hammer &) = delete;

    void stop();
    [[nodiscard]] std::uint64_t blows() const { return blows_; }
    [[nodiscard]] std::uint64_t hits() const { return hits_; }

    /// What was met besides the errnos that are in order, in words.
    [[nodiscard]] std::string surprises(const std::set<int> &in_order);

private:
    void note(const Status &status);

    std::atomic<bool> done_ = false;
    std::atomic<std::uint64_t> blows_ = 0;
    std::atomic<std::uint64_t> hits_ = 0;
    std::mutex mutex_;
    std::map<int, std::string> met_;
    std::vector<std::thread> threads_;
};

/// Reads a file, which may not be there.
Hammer::Blow reading(const std::string &path);

} // namespace kinetd::suite
