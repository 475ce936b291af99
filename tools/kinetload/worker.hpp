// SPDX-License-Identifier: GPL-2.0
/// \file
/// A thread with its share of the connections.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kinetload/session.hpp"

namespace kinetd::load {

/// Which connections a thread has: `count` from `first` on.
struct Share {
    unsigned first;
    unsigned count;
};

/// An even share of `all` for thread number `thread` of `threads`.
Share share_of(unsigned all, unsigned thread, unsigned threads);

class Worker {
public:
    enum class Stage { starting, connected, done };

    /// `changed` is called, on its thread, whenever stage() is another.
    Worker(const Options &options, const Timetable *timetable, Window &window, unsigned number,
           std::function<void()> changed);
    ~Worker();
    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;

    [[nodiscard]] Stage stage() const { return stage_.load(std::memory_order_acquire); }
    /// Lets it send, once it is connected.
    void go();
    /// Makes it look at the time, and at whether the window is over.
    void nudge();
    void join();

    /// Counters at any time, the rest when it is done.
    [[nodiscard]] const Ledger &ledger() const { return ledger_; }

private:
    void run();
    void work();
    void pin();
    void make_sessions(Context &context);
    void connect(Context &context);
    void exchange(Context &context);
    void take_turns(Context &context);
    void hand_out(Cursor &cursor, Nanoseconds at);
    void look_around();
    void enter(Stage stage);

    const Options &options_;
    const Timetable *timetable_;
    Window &window_;
    unsigned number_;
    Share share_;
    std::function<void()> changed_;
    Ledger ledger_;
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<Session *> turns_;
    std::atomic<Stage> stage_ = Stage::starting;
    std::atomic<bool> may_go_ = false;
    std::thread thread_;
};

} // namespace kinetd::load
