// SPDX-License-Identifier: GPL-2.0
#include "support/datagram_traffic.hpp"

#include <poll.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "support/pattern.hpp"

namespace kinetd::suite {

namespace {

/// What a request begins with; the rest of it follows from this.
struct Header {
    std::uint32_t client;
    std::uint32_t size;
    std::uint64_t number;
};

} // namespace

DatagramTraffic::DatagramTraffic(const Endpoint &peer, std::size_t clients,
                                 const DatagramPlan &plan, const DatagramOptions &options)
    : plan_(plan), clients_(clients) {
    plan_.smallest = std::max(plan_.smallest, sizeof(Header));
    for (auto &client : clients_)
        client.socket = datagram_to(peer, options).value();
    thread_ = std::thread([this] { work(); });
}

DatagramTraffic::~DatagramTraffic() {
    abandoning_ = true;
    stop();
}

std::string DatagramTraffic::request(std::uint32_t client, std::uint64_t number) const {
    const std::uint64_t sizes = plan_.largest - plan_.smallest + 1;
    const auto size = static_cast<std::uint32_t>(plan_.smallest + number * 769 % sizes);
    const Header header{client, size, number};
    auto bytes = Pattern(client).bytes(number * 1021, size);
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
}

void DatagramTraffic::take(Client &client, std::uint32_t number, DatagramTally &tally) const {
    for (;;) {
        const auto answer = receive_datagram(client.socket, Milliseconds(0));
        if (!answer) {
            if (answer.code() == ETIMEDOUT)
                return;
            tally.refused++;
            continue;
        }
        Header header{};
        if (answer->bytes.size() >= sizeof header)
            std::memcpy(&header, answer->bytes.data(), sizeof header);
        if (answer->bytes.size() < sizeof header || header.number >= client.next ||
            answer->bytes != request(number, header.number))
            tally.wrong++;
        else if (client.out.erase(header.number) == 1)
            tally.answered++;
        else
            tally.duplicates++;
    }
}

/// Takes what has come, gives up what will not come, sends what may go. Whether anything is out.
bool DatagramTraffic::turn(Client &client, std::uint32_t number, DatagramTally &tally) const {
    take(client, number, tally);
    const auto now = Clock::now();
    const auto wait = abandoning_ ? Milliseconds(0) : plan_.loss_after;
    tally.lost +=
        std::erase_if(client.out, [&](const auto &entry) { return entry.second + wait <= now; });
    while (!finishing_ && client.out.size() < plan_.window) {
        const auto bytes = request(number, client.next);
        if (::send(client.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) < 0) {
            if (!would_block())
                tally.refused++;
            break;
        }
        client.out.emplace(client.next++, now);
        tally.sent++;
    }
    return !client.out.empty();
}

void DatagramTraffic::work() {
    std::vector<pollfd> entries;
    for (const auto &client : clients_)
        entries.push_back({client.socket.get(), POLLIN, 0});
    DatagramTally tally;
    for (bool busy = true; busy;) {
        busy = !finishing_;
        for (std::size_t i = 0; i < clients_.size(); i++)
            busy |= turn(clients_[i], static_cast<std::uint32_t>(i), tally);
        answered_ = tally.answered;
        (void)::poll(entries.data(), entries.size(), 10);
    }
    total_ = tally;
}

bool DatagramTraffic::flows(std::uint64_t answers, Milliseconds limit) const {
    const auto wanted = answered_ + answers;
    return wait_for([&] { return answered_ >= wanted; }, limit);
}

void DatagramTraffic::stop() {
    finishing_ = true;
    if (thread_.joinable())
        thread_.join();
}

std::string DatagramTraffic::describe() const {
    return std::to_string(total_.sent) + " sent, " + std::to_string(total_.answered) +
           " answered, " + std::to_string(total_.lost) + " lost, " +
           std::to_string(total_.refused) + " refused, " + std::to_string(total_.duplicates) +
           " twice, " + std::to_string(total_.wrong) + " wrong";
}

std::string DatagramTraffic::finish() {
    stop();
    const bool all = total_.answered == total_.sent && total_.duplicates == 0 &&
                     total_.wrong == 0 && total_.refused == 0;
    return all ? "" : describe();
}

std::string DatagramTraffic::end() {
    stop();
    return total_.wrong == 0 ? "" : describe();
}

} // namespace kinetd::suite
