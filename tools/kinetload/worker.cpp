// SPDX-License-Identifier: GPL-2.0
#include "kinetload/worker.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <csignal>
#include <random>

#include "kinetload/flow.hpp"
#include "kinetload/stream.hpp"

namespace kinetd::load {

namespace {

/// Set by the signal that nudge() sends. The signal also ends whatever call the thread waits in;
/// one that comes just before such a call is followed by the next.
thread_local volatile std::sig_atomic_t nudged = 0;

constexpr int nudge_signal = SIGUSR1;

void listen_to_nudges() {
    struct sigaction action {};
    action.sa_handler = [](int) { nudged = 1; };
    (void)::sigaction(nudge_signal, &action, nullptr);
}

} // namespace

Share share_of(unsigned all, unsigned thread, unsigned threads) {
    const unsigned each = all / threads;
    const unsigned more = all % threads;
    return {thread * each + std::min(thread, more), each + (thread < more ? 1 : 0)};
}

Worker::Worker(const Options &options, const Timetable *timetable, Window &window, unsigned number,
               std::function<void()> changed)
    : options_(options), timetable_(timetable), window_(window), number_(number),
      share_(share_of(options.connections, number, options.threads)), changed_(std::move(changed)) {
    listen_to_nudges();
    thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
    join();
}

void Worker::join() {
    if (thread_.joinable())
        thread_.join();
}

void Worker::go() {
    may_go_ = true;
    may_go_.notify_one();
}

void Worker::nudge() {
    if (stage() != Stage::done)
        (void)::pthread_kill(thread_.native_handle(), nudge_signal);
}

void Worker::enter(Stage stage) {
    stage_.store(stage, std::memory_order_release);
    changed_();
}

void Worker::pin() {
    if (options_.cpus.empty())
        return;
    const unsigned cpu = options_.cpus[number_ % options_.cpus.size()];
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < CPU_SETSIZE)
        CPU_SET(cpu, &set);
    const int problem = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
    if (problem != 0)
        ledger_.note(fmt::format("cannot run on CPU {}: {}", cpu, std::strerror(problem)));
}

void Worker::run() {
    (void)::prctl(PR_SET_NAME, "kinetload/load");
    (void)::prctl(PR_SET_TIMERSLACK, 1UL);
    pin();
    work();
    sessions_.clear();
    enter(Stage::done);
}

void Worker::work() {
    const bool single =
        share_.count == 1 && timetable_ == nullptr && !options_.spin && !options_.churn;
    auto poller = Poller::make(single);
    if (!poller) {
        ledger_.note(poller.error().text);
        ledger_.counts.connect_failures += share_.count;
        return;
    }
    Context context{options_, timetable_, window_, ledger_, *poller};
    make_sessions(context);
    connect(context);
    enter(Stage::connected);
    may_go_.wait(false);
    exchange(context);
}

void Worker::make_sessions(Context &context) {
    Random keys(std::random_device{}());
    sessions_.reserve(share_.count);
    for (unsigned i = 0; i < share_.count; ++i) {
        const unsigned index = share_.first + i;
        if (options_.protocol->stream)
            sessions_.push_back(std::make_unique<Stream>(context, index));
        else
            sessions_.push_back(std::make_unique<Flow>(context, index, keys.next()));
    }
}

void Worker::look_around() {
    if (nudged == 0)
        return;
    nudged = 0;
    const auto at = now();
    for (const auto &session : sessions_)
        session->tick(at);
}

/// One after the other, so that no server's backlog is asked for more than it holds.
void Worker::connect(Context &context) {
    for (const auto &session : sessions_) {
        if (window_.stopped() != never)
            return;
        session->open();
        while (session->opening() && window_.stopped() == never) {
            context.poller.wait(never);
            look_around();
        }
    }
}

void Worker::exchange(Context &context) {
    for (const auto &session : sessions_)
        session->begin();
    std::optional<Cursor> cursor;
    if (timetable_ != nullptr)
        cursor.emplace(*timetable_, share_.first, share_.count);
    while (context.settled < sessions_.size()) {
        Nanoseconds until = cursor ? cursor->due() : never;
        if (cursor && until >= window_.end())
            until = never; // from here on there are only nudges
        context.poller.wait(context.agenda.empty() && !options_.spin ? until : 0);
        if (cursor)
            hand_out(*cursor, now());
        take_turns(context);
        look_around();
    }
}

void Worker::hand_out(Cursor &cursor, Nanoseconds at) {
    for (auto due = cursor.due(); due <= at && due < window_.end(); due = cursor.due()) {
        sessions_[cursor.connection()]->owe();
        cursor.advance();
    }
}

void Worker::take_turns(Context &context) {
    turns_.swap(context.agenda);
    for (auto *session : turns_)
        session->turn();
    turns_.clear();
}

} // namespace kinetd::load
