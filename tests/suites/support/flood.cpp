// SPDX-License-Identifier: GPL-2.0
#include "support/flood.hpp"

#include <poll.h>

#include <algorithm>

namespace kinetd::suite {

namespace {

constexpr std::size_t largest_send = 16384;

} // namespace

Flood::Flood(const Endpoint &peer, std::size_t count, const Habits &habits,
             const ConnectOptions &options)
    : habits_(habits) {
    for (std::size_t i = 0; i < count; i++)
        streams_.push_back({.socket = connect_to(peer, options).value()});
    thread_ = std::thread([this] { work(); });
}

Flood::~Flood() {
    join();
}

void Flood::join() {
    stopping_ = true;
    if (thread_.joinable())
        thread_.join();
}

void Flood::work() {
    while (!stopping_ && open() > 0) {
        turn();
        std::this_thread::sleep_for(habits_.pace);
    }
    idle_ = true;
}

std::size_t Flood::open() const {
    return static_cast<std::size_t>(
        std::count_if(streams_.begin(), streams_.end(),
                      [](const Stream &stream) { return static_cast<bool>(stream.socket); }));
}

void Flood::turn() {
    std::vector<pollfd> entries;
    for (auto &stream : streams_) {
        const bool sends = habits_.talks && !finishing_;
        if (finishing_ && stream.socket && !stream.half_closed) {
            (void)half_close(stream.socket);
            stream.half_closed = true;
        }
        // A negative descriptor is passed over.
        entries.push_back(
            {stream.socket.get(), static_cast<short>(POLLIN | (sends ? POLLOUT : 0)), 0});
    }
    if (::poll(entries.data(), entries.size(), 20) <= 0)
        return;
    for (std::size_t i = 0; i < streams_.size(); i++) {
        if (entries[i].revents & (POLLIN | POLLHUP | POLLERR))
            receive(streams_[i]);
        if (streams_[i].socket && entries[i].revents & POLLOUT)
            send(streams_[i]);
    }
}

void Flood::receive(Stream &stream) {
    static thread_local std::vector<char> block(65536);
    const std::size_t most = std::min(habits_.read_size, block.size());
    const ssize_t n = ::recv(stream.socket.get(), block.data(), most, 0);
    if (n < 0 && would_block())
        return;
    if (n <= 0) {
        stream.socket.close();
        return;
    }
    const std::string_view bytes(block.data(), static_cast<std::size_t>(n));
    if (habits_.expects == nullptr || !habits_.expects(stream.received, bytes)) {
        stream.wrong = "after " + std::to_string(stream.received) + " bytes came \"" +
                       std::string(bytes.substr(0, 80)) + "\"";
        stream.socket.close();
        return;
    }
    stream.received += bytes.size();
    received_ += bytes.size();
}

void Flood::send(Stream &stream) {
    static const std::vector<char> block(largest_send, 'x');
    const ssize_t n = ::send(stream.socket.get(), block.data(), block.size(), MSG_NOSIGNAL);
    // Where the connection is broken the receiving side sees it.
    if (n > 0)
        sent_ += static_cast<std::uint64_t>(n);
}

bool Flood::flows(std::uint64_t bytes, Milliseconds limit) const {
    const auto &counter = habits_.expects != nullptr ? received_ : sent_;
    const std::uint64_t target = counter + bytes;
    return wait_for([&] { return counter >= target; }, limit);
}

std::string Flood::first_wrong() const {
    for (const auto &stream : streams_)
        if (!stream.wrong.empty())
            return stream.wrong;
    return "";
}

std::string Flood::end(Milliseconds limit) {
    (void)wait_for([this] { return idle_.load(); }, limit);
    join();
    const auto left = open();
    return left == 0 ? first_wrong() : std::to_string(left) + " streams have not ended";
}

std::string Flood::finish(Milliseconds limit) {
    finishing_ = true;
    return end(limit);
}

std::string Flood::stop() {
    join();
    auto wrong = first_wrong();
    const auto ended = streams_.size() - open();
    for (auto &stream : streams_)
        stream.socket.close();
    if (!wrong.empty() || ended == 0)
        return wrong;
    return std::to_string(ended) + " streams were ended by the server";
}

} // namespace kinetd::suite
