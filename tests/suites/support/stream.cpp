// SPDX-License-Identifier: GPL-2.0
#include "support/stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace kinetd::suite {

namespace {

constexpr int rounds_per_turn = 16;

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

} // namespace

Stream::Stream(Descriptor socket, const Plan &plan, std::uint64_t seed)
    : socket_(std::move(socket)), plan_(plan), pattern_(seed),
      expected_(plan.wrong ? seed + 1 : seed) {}

bool Stream::advance() {
    for (int round = 0; round < rounds_per_turn; round++) {
        if (state_ != State::running)
            return false;
        const bool took = receive();
        const bool gave = state_ == State::running && send();
        if (!took && !gave)
            return false;
    }
    return state_ == State::running;
}

void Stream::finish() {
    plan_.bytes = sent_;
}

bool Stream::send() {
    if (sent_ >= plan_.bytes) {
        if (half_closed_)
            return false;
        half_closed_ = true;
        if (::shutdown(socket_.get(), SHUT_WR) != 0)
            end(State::cut, errno);
        return false;
    }
    const std::uint64_t out = sent_ - received_;
    if (out >= plan_.window)
        return false;
    const std::uint64_t most =
        std::min({std::uint64_t{plan_.segment}, plan_.bytes - sent_, plan_.window - out});
    const auto piece = pattern_.view(sent_, most);
    const ssize_t n = ::send(socket_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (n < 0) {
        // What already came back is still to be read; the receiving side sees the end.
        if (!would_block(errno))
            end(State::cut, errno);
        return false;
    }
    if (plan_.hashed)
        sent_hash_.add(piece.substr(0, static_cast<std::size_t>(n)));
    sent_ += static_cast<std::uint64_t>(n);
    return true;
}

bool Stream::receive() {
    static thread_local std::vector<char> block(1 << 20);
    const std::size_t most = std::min(plan_.read_size, block.size());
    const ssize_t n = ::recv(socket_.get(), block.data(), most, 0);
    if (n < 0) {
        if (!would_block(errno))
            end(State::cut, errno);
        return false;
    }
    if (n == 0) {
        end(received_ == plan_.bytes && half_closed_ ? State::complete : State::cut, 0);
        return false;
    }
    const std::string_view piece(block.data(), static_cast<std::size_t>(n));
    if (received_ + piece.size() > sent_ || !expected_.matches(received_, piece)) {
        end(State::corrupt, 0);
        return false;
    }
    if (plan_.hashed)
        received_hash_.add(piece);
    received_ += piece.size();
    return true;
}

void Stream::end(State state, int error) {
    state_ = state;
    error_ = error;
    socket_.close();
}

bool Stream::hashes_agree() const {
    return sent_ == received_ && sent_hash_.value() == received_hash_.value();
}

std::string Stream::describe() const {
    static constexpr const char *names[] = {"running", "complete", "cut", "corrupt"};
    std::string text = names[static_cast<int>(state_)];
    text +=
        " after " + std::to_string(sent_) + " bytes out, " + std::to_string(received_) + " back";
    if (error_ != 0)
        text += std::string(", ") + std::strerror(error_);
    return text;
}

} // namespace kinetd::suite
