// SPDX-License-Identifier: GPL-2.0
/// \file
/// A run from its start to its result: threads, time, signals.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/descriptor.hpp"
#include "kinetload/progress.hpp"
#include "kinetload/result.hpp"
#include "kinetload/summary.hpp"
#include "kinetload/timetable.hpp"
#include "kinetload/window.hpp"
#include "kinetload/worker.hpp"

namespace kinetd::load {

/// SIGINT and SIGTERM end it early, with a result; the second one ends the process.
class Run {
public:
    explicit Run(const Options &options);

    /// An error where it could not start, or nothing was ever answered.
    Result<Summary> execute();

private:
    Status prepare();
    void start_threads();
    void wait_for(Worker::Stage stage);
    void release();
    void attend(Nanoseconds until);
    void take_signals();
    void stop();
    [[nodiscard]] Nanoseconds next_moment(Nanoseconds at) const;
    [[nodiscard]] bool all_at(Worker::Stage stage) const;
    [[nodiscard]] Counts counts() const;
    [[nodiscard]] bool hopeless() const;
    void mark_begin();
    void mark_end();
    Result<Summary> finish();

    const Options options_;
    std::optional<Timetable> timetable_;
    Window window_;
    Descriptor news_; ///< a worker's stage is another
    Descriptor signals_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::optional<Progress> progress_;
    std::mutex usage_lock_;
    std::optional<Usage> begin_;
    std::optional<Usage> end_;
    Nanoseconds nudged_ = 0;
    bool interrupted_ = false;
};

} // namespace kinetd::load
