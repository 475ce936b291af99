// SPDX-License-Identifier: GPL-2.0
#include "kinetload/run.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "kinetload/limits.hpp"

namespace kinetd::load {

namespace {

/// How often the threads look at what takes too long.
constexpr Nanoseconds nudge_interval = 100 * millisecond;

/// But for those that whoever started this wants ignored.
sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM}) {
        struct sigaction action {};
        if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&set, signal);
    }
    return set;
}

} // namespace

Run::Run(const Options &options)
    : options_(options), window_(options.warmup, options.measured, [this] { mark_begin(); }) {
    if (options_.rate)
        timetable_.emplace(*options_.rate, options_.connections);
}

Result<Summary> Run::execute() {
    const auto prepared = prepare();
    if (!prepared)
        return prepared.error();
    start_threads();
    wait_for(Worker::Stage::connected);
    if (!hopeless())
        progress_.emplace(!options_.quiet && Progress::possible());
    release();
    wait_for(Worker::Stage::done);
    mark_end();
    for (const auto &worker : workers_)
        worker->join();
    progress_.reset();
    return finish();
}

Status Run::prepare() {
    if (auto limits = check_limits(options_); !limits)
        return limits;
    const sigset_t set = ending_signals();
    (void)::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    news_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!signals_ || !news_)
        return last_error("cannot wait for signals", errno);
    return Done{};
}

void Run::start_threads() {
    const auto *table = timetable_ ? &*timetable_ : nullptr;
    const auto changed = [this] { (void)::eventfd_write(news_.get(), 1); };
    for (unsigned i = 0; i < options_.threads; ++i)
        workers_.push_back(std::make_unique<Worker>(options_, table, window_, i, changed));
}

bool Run::all_at(Worker::Stage stage) const {
    return std::all_of(workers_.begin(), workers_.end(),
                       [stage](const auto &worker) { return worker->stage() >= stage; });
}

/// The workers' connections have failed, all of them.
bool Run::hopeless() const {
    const auto sum = counts();
    return sum.connects == 0 && sum.connect_failures > 0;
}

void Run::wait_for(Worker::Stage stage) {
    while (!all_at(stage)) {
        attend(next_moment(now()));
        if (options_.churn && stage == Worker::Stage::done && hopeless())
            stop();
    }
}

void Run::release() {
    const auto at = now();
    if (timetable_)
        timetable_->start(at);
    window_.start(at);
    if (at >= window_.begin())
        mark_begin();
    for (const auto &worker : workers_)
        worker->go();
}

/// The next thing to do here: to nudge the threads, or to note how much CPU time was spent.
Nanoseconds Run::next_moment(Nanoseconds at) const {
    auto next = nudged_ + nudge_interval;
    for (const auto moment : {window_.begin(), window_.end()})
        if (moment > at)
            next = std::min(next, moment);
    return next;
}

/// Waits for news until then, and does what is due.
void Run::attend(Nanoseconds until) {
    std::array<pollfd, 2> entries{{{signals_.get(), POLLIN, 0}, {news_.get(), POLLIN, 0}}};
    const auto before = now();
    const timespec time = to_timespec(until > before ? until - before : 0);
    if (::ppoll(entries.data(), entries.size(), &time, nullptr) > 0) {
        eventfd_t value = 0;
        (void)::eventfd_read(news_.get(), &value);
        take_signals();
    }
    const auto at = now();
    if (at >= window_.begin())
        mark_begin();
    if (at >= window_.end())
        mark_end();
    if (at < nudged_ + nudge_interval)
        return;
    nudged_ = at;
    for (const auto &worker : workers_)
        worker->nudge();
    if (progress_)
        progress_->show(counts(), window_.begin(), at);
}

void Run::take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (interrupted_)
            std::_Exit(128 + static_cast<int>(info.ssi_signo));
        interrupted_ = true;
        stop();
    }
}

void Run::stop() {
    window_.stop(now());
    mark_end();
    for (const auto &worker : workers_)
        worker->nudge();
}

Counts Run::counts() const {
    Counts sum;
    for (const auto &worker : workers_)
        sum.add(worker->ledger().counts);
    return sum;
}

/// By the first worker that counts a message, or by the main thread at the set time.
void Run::mark_begin() {
    const std::lock_guard lock(usage_lock_);
    if (!begin_)
        begin_ = Usage::read();
}

void Run::mark_end() {
    const std::lock_guard lock(usage_lock_);
    if (!end_)
        end_ = Usage::read();
}

Result<Summary> Run::finish() {
    Summary summary;
    summary.options = options_;
    summary.interrupted = interrupted_;
    for (const auto &worker : workers_)
        summary.ledger.add(worker->ledger());
    const auto &counts = summary.ledger.counts;
    const bool gone = counts.connect_failures + counts.connections_lost >= options_.connections;
    if (!interrupted_ && counts.answered == 0 && gone)
        return Error{summary.ledger.trouble};
    const auto begin = window_.begin();
    // Where neither time nor somebody ended it, the last message did.
    auto end = std::min(window_.end(), window_.stopped());
    if (end == never || (gone && summary.ledger.last < end))
        end = summary.ledger.last;
    if (begin != never && end > begin)
        summary.elapsed = end - begin;
    if (begin_ && end_ && summary.elapsed > 0)
        summary.cpu = spent(*begin_, *end_);
    return summary;
}

} // namespace kinetd::load
