// SPDX-License-Identifier: GPL-2.0
// A closed-loop load of datagrams: every socket has one datagram on its way, or one burst that is
// sent with UDP_SEGMENT and received with UDP_GRO, and sends the next when that has come back whole
// and unaltered.  One thread, which takes the sockets in turn and waits for each: what an epoll
// would tell it first costs as much as a tenth of a round trip.  What does not come back within a
// second is sent again and reported as lost.
//
//   --latency    the round trip of each datagram, or of each burst
#include "latency.hpp"
#include "load.hpp"

#include <netinet/udp.h>
#include <sys/time.h>

#include <algorithm>
#include <csignal>

namespace {

using bench::check;
using bench::Descriptor;

constexpr std::size_t largest = 65507;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7;
    unsigned sockets = 1;
    std::size_t bytes = 64;
    unsigned burst = 1;
    std::uint64_t messages = 10000;
    std::uint64_t warmup = 1000;
    bool latency = false;
};

struct Client {
    Descriptor socket;
    std::size_t received = 0; // of the burst that is on its way
    std::size_t offset = 0;
    bool waiting = false;
    bool overdue = false; // waited already when the last alarm came
    std::uint64_t began = 0;
};

class Load {
public:
    explicit Load(const Options &options);
    void run();

private:
    void open(Client &client, const bench::Endpoint &server);
    void send(Client &client);
    bool receive(Client &client);
    void take(Client &client);
    void wait();
    void look_for_lost();
    void count();

    Options options_;
    std::size_t burst_bytes_;
    std::vector<char> pattern_;
    std::vector<char> incoming_;
    std::vector<Client> clients_;
    std::uint64_t done_ = 0;
    std::uint64_t total_;
    std::uint64_t lost_ = 0;
    std::uint64_t done_at_alarm_ = 0;
    bool silent_ = false; // nothing came back between the last two alarms
    bench::Phase phase_;
    kinetd::load::Histogram latencies_;
};

// The alarm makes a blocked call return, and costs the calls themselves nothing; a timeout of the
// socket's would.  One that finds no call blocked is followed by the next.
void alarm_each_second() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    check(::sigaction(SIGALRM, &action, nullptr), "sigaction");
    const itimerval every{{1, 0}, {1, 0}};
    check(::setitimer(ITIMER_REAL, &every, nullptr), "setitimer");
}

Load::Load(const Options &options)
    : options_(options), burst_bytes_(options.bytes * options.burst),
      pattern_(bench::pattern(burst_bytes_)), incoming_(burst_bytes_ + 1),
      clients_(options.sockets), total_(options.warmup + options.messages) {
    const auto server = bench::endpoint(options.address, options.port);
    for (auto &client : clients_)
        open(client, server);
}

void Load::open(Client &client, const bench::Endpoint &server) {
    client.socket =
        Descriptor(check(::socket(server.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
    const int fd = client.socket.get();
    check(::connect(fd, server.address(), server.length), "connect");
    if (options_.burst > 1) {
        bench::set_option(fd, IPPROTO_UDP, UDP_SEGMENT, static_cast<int>(options_.bytes));
        bench::set_option(fd, IPPROTO_UDP, UDP_GRO, 1);
    }
}

void Load::send(Client &client) {
    client.received = 0;
    client.waiting = true;
    client.overdue = false;
    if (options_.latency)
        client.began = bench::now();
    check(static_cast<int>(
              ::send(client.socket.get(), pattern_.data() + client.offset, burst_bytes_, 0)),
          "send");
}

// Waits for one datagram, or what UDP_GRO made of several; false where the alarm came first.
bool Load::receive(Client &client) {
    const ssize_t got = ::recv(client.socket.get(), incoming_.data(), incoming_.size(), 0);
    if (got < 0) {
        if (errno != EINTR)
            bench::fail("recv");
        look_for_lost();
        return false;
    }
    const auto length = static_cast<std::size_t>(got);
    if (length % options_.bytes != 0 || length == 0 || length > burst_bytes_ - client.received ||
        std::memcmp(incoming_.data(), pattern_.data() + client.offset + client.received, length) !=
            0)
        throw std::runtime_error("a datagram came back altered");
    client.received += length;
    for (std::size_t i = 0; i < length; i += options_.bytes)
        count();
    return true;
}

void Load::count() {
    ++done_;
    if (done_ == options_.warmup)
        phase_.begin();
    else if (done_ == total_)
        phase_.end();
}

// When the total is counted, what is still on its way is waited for, so that a loss is seen.
void Load::take(Client &client) {
    while (client.waiting && receive(client)) {
        if (client.received < burst_bytes_)
            continue;
        client.waiting = false;
        if (options_.latency && done_ > options_.warmup && done_ <= total_)
            latencies_.record(bench::now() - client.began);
        client.offset = (client.offset + 1) % bench::shift;
        if (done_ < total_)
            return send(client);
    }
}

void Load::look_for_lost() {
    if (done_ == done_at_alarm_ && silent_ && done_ < total_)
        throw std::runtime_error("the server does not answer");
    silent_ = done_ == done_at_alarm_;
    done_at_alarm_ = done_;
    for (auto &client : clients_) {
        if (!client.waiting)
            continue;
        if (!client.overdue) {
            client.overdue = true;
            continue;
        }
        lost_ += options_.burst - client.received / options_.bytes;
        client.waiting = false;
        if (done_ < total_)
            send(client);
    }
}

void Load::wait() {
    for (auto &client : clients_)
        take(client);
}

void Load::run() {
    alarm_each_second();
    for (auto &client : clients_)
        send(client);
    while (done_ < total_)
        wait();
    while (std::any_of(clients_.begin(), clients_.end(), [](auto &one) { return one.waiting; }))
        wait();
    bench::report(phase_, options_.sockets, options_.bytes, static_cast<double>(options_.messages));
    if (options_.latency)
        bench::report(latencies_);
    std::printf(" lost=%ju\n", static_cast<std::uintmax_t>(lost_));
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (name == "--address")
            options.address = arguments.text();
        else if (name == "--port")
            options.port = arguments.number<std::uint16_t>();
        else if (name == "--sockets")
            options.sockets = arguments.number<unsigned>();
        else if (name == "--bytes")
            options.bytes = arguments.number<std::size_t>();
        else if (name == "--burst")
            options.burst = arguments.number<unsigned>();
        else if (name == "--messages")
            options.messages = arguments.number<std::uint64_t>();
        else if (name == "--warmup")
            options.warmup = arguments.number<std::uint64_t>();
        else if (name == "--latency")
            options.latency = true;
        else
            throw bench::Help(name,
                              "usage: udp_load [--address A] [--port P] [--sockets N] [--bytes N]"
                              " [--burst N] [--messages N] [--warmup N] [--latency]");
    }
    if (options.sockets == 0 || options.bytes == 0 || options.burst == 0 || options.messages == 0 ||
        options.warmup == 0)
        throw std::invalid_argument("sockets, bytes, burst, messages and warmup are at least 1");
    if (options.bytes > largest || options.bytes * options.burst > largest)
        throw std::invalid_argument("a datagram or burst holds at most 65507 bytes");
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_program("udp_load", [&] { Load(parse(bench::Arguments(argc, argv))).run(); });
}
