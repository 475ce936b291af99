// SPDX-License-Identifier: GPL-2.0
#include "support/traffic.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace kinetd::suite {

namespace {

std::uint64_t next_seed() {
    static std::atomic<std::uint64_t> seed = 1;
    return seed.fetch_add(2); // odd: the even ones are what a deliberately wrong stream expects
}

} // namespace

Crowd::Crowd() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_)
        throw std::runtime_error("no epoll");
}

Status Crowd::add(const Endpoint &peer, std::size_t count, const Plan &plan,
                  const ConnectOptions &options) {
    for (std::size_t i = 0; i < count; i++) {
        auto socket = connect_to(peer, options);
        if (!socket)
            return socket.error();
        streams_.push_back(std::make_unique<Stream>(std::move(socket).value(), plan, next_seed()));
        running_++;
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
        event.data.ptr = streams_.back().get();
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, streams_.back()->fd(), &event) != 0)
            return last_error("epoll_ctl");
    }
    return Done{};
}

void Crowd::advance(Stream &stream) {
    if (stream.state() != State::running)
        return;
    if (stream.advance())
        eager_.push_back(&stream);
    else if (stream.state() != State::running)
        running_--;
}

void Crowd::turn(Milliseconds limit) {
    std::array<epoll_event, 256> events{};
    const int wait = eager_.empty() ? static_cast<int>(limit.count()) : 0;
    const int n = ::epoll_wait(epoll_.get(), events.data(), events.size(), wait);
    const std::vector<Stream *> eager = std::exchange(eager_, {});
    for (int i = 0; i < n; i++) {
        auto *stream = static_cast<Stream *>(events[static_cast<std::size_t>(i)].data.ptr);
        if (std::find(eager.begin(), eager.end(), stream) == eager.end())
            advance(*stream);
    }
    for (Stream *stream : eager)
        advance(*stream);
}

bool Crowd::run(Milliseconds limit) {
    const Deadline deadline(limit);
    while (running_ > 0 && !deadline.passed())
        turn(Milliseconds(std::min(deadline.left(), 200)));
    return running_ == 0;
}

bool Crowd::run_until_back(Milliseconds limit) {
    const auto settled = [](const auto &stream) {
        return stream->state() != State::running || stream->is_back();
    };
    const Deadline deadline(limit);
    while (!std::all_of(streams_.begin(), streams_.end(), settled)) {
        if (deadline.passed())
            return false;
        turn(Milliseconds(std::min(deadline.left(), 200)));
    }
    return true;
}

void Crowd::finish() {
    for (auto &stream : streams_) {
        if (stream->state() != State::running)
            continue;
        stream->finish();
        eager_.push_back(stream.get()); // no event announces that the plan has changed
    }
    std::sort(eager_.begin(), eager_.end());
    eager_.erase(std::unique(eager_.begin(), eager_.end()), eager_.end());
}

std::size_t Crowd::count(State state) const {
    return static_cast<std::size_t>(
        std::count_if(streams_.begin(), streams_.end(),
                      [state](const auto &stream) { return stream->state() == state; }));
}

std::uint64_t Crowd::received() const {
    std::uint64_t sum = 0;
    for (const auto &stream : streams_)
        sum += stream->received();
    return sum;
}

std::uint64_t Crowd::sent() const {
    std::uint64_t sum = 0;
    for (const auto &stream : streams_)
        sum += stream->sent();
    return sum;
}

bool Crowd::hashes_agree() const {
    return std::all_of(streams_.begin(), streams_.end(),
                       [](const auto &stream) { return stream->hashes_agree(); });
}

std::string Crowd::describe(std::size_t which) const {
    return "stream " + std::to_string(which) + " of " + std::to_string(streams_.size()) + " is " +
           streams_[which]->describe();
}

std::string Crowd::first(State wanted) const {
    for (std::size_t i = 0; i < streams_.size(); i++)
        if (streams_[i]->state() == wanted)
            return describe(i);
    return "";
}

std::string Crowd::first_not(State wanted) const {
    for (std::size_t i = 0; i < streams_.size(); i++)
        if (streams_[i]->state() != wanted)
            return describe(i);
    return "";
}

Traffic::Traffic(const Endpoint &peer, std::size_t count, const Plan &plan,
                 const ConnectOptions &options) {
    const auto added = crowd_.add(peer, count, plan, options);
    if (!added)
        throw std::runtime_error("traffic: " + added.text());
    thread_ = std::thread([this] { work(); });
}

Traffic::~Traffic() {
    stopping_ = true;
    if (thread_.joinable())
        thread_.join();
}

void Traffic::work() {
    bool finished = false;
    while (!stopping_) {
        if (finishing_ && !finished) {
            crowd_.finish();
            finished = true;
        }
        crowd_.turn(Milliseconds(20));
        received_ = crowd_.received();
        if (crowd_.count(State::running) == 0)
            break;
    }
    idle_ = true;
}

bool Traffic::settle(Milliseconds limit) {
    const bool settled = wait_for([this] { return idle_.load(); }, limit);
    stopping_ = true;
    if (thread_.joinable())
        thread_.join();
    return settled;
}

bool Traffic::flows(std::uint64_t bytes, Milliseconds limit) const {
    const std::uint64_t target = received_ + bytes;
    return wait_for([&] { return received_ >= target; }, limit);
}

std::string Traffic::finish(Milliseconds limit) {
    finishing_ = true;
    (void)settle(limit);
    return crowd_.first_not(State::complete);
}

std::string Traffic::end(Milliseconds limit) {
    (void)settle(limit);
    return crowd_.first_not(State::cut);
}

Churn::Churn(const Endpoint &peer, Close how, const ConnectOptions &options)
    : peer_(peer), how_(how), options_(options), thread_([this] { work(); }) {}

Churn::~Churn() {
    stop();
}

void Churn::stop() {
    stopping_ = true;
    if (thread_.joinable())
        thread_.join();
}

std::string Churn::first_failure() const {
    const std::lock_guard lock(mutex_);
    return first_failure_;
}

void Churn::work() {
    for (std::uint64_t number = 0; !stopping_; number++) {
        const auto status = round(number);
        if (status) {
            rounds_++;
            continue;
        }
        failures_++;
        const std::lock_guard lock(mutex_);
        if (first_failure_.empty())
            first_failure_ = "round " + std::to_string(number) + ": " + status.text();
    }
}

Status Churn::round(std::uint64_t number) {
    auto socket = connect_to(peer_, options_);
    if (!socket)
        return socket.error();
    const auto message = Pattern(number).bytes(0, 1 + number % 1000);
    if (how_ == Close::unsent) {
        // Gone with a request in flight; what the server makes of it is its own affair.
        (void)send_all(*socket, message);
        return Done{};
    }
    auto status = round_trip(*socket, message, options_.limit);
    if (!status)
        return status;
    if (how_ == Close::by_reset)
        reset(*socket);
    return Done{};
}

} // namespace kinetd::suite
