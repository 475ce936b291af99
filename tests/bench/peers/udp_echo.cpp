// SPDX-License-Identifier: GPL-2.0
// The user-space peer for datagrams: a UDP echo server (RFC 862) on one thread and one unconnected
// socket.  What costs it least depends on the load, so there is a choice; tests/bench/compare tries
// several and takes the best.
//
//   --mode plain         recvfrom, sendto
//   --mode mmsg          recvmmsg, sendmmsg, up to --batch datagrams a call
//   --mode gro           the same with UDP_GRO and UDP_SEGMENT: a train comes and goes as one
//   --wait block|epoll   sleep in the call that receives, or in an edge-triggered epoll_wait
//   --sched batch        SCHED_BATCH: does not preempt who wakes it, and so finds more waiting
#include "socket.hpp"

#include <netinet/udp.h>
#include <sched.h>
#include <sys/epoll.h>

#include <array>
#include <vector>

namespace {

using bench::check;
using bench::Descriptor;

constexpr std::size_t largest = 65536;
constexpr int receive_buffer = 16 * 1024 * 1024; // no load here fills it: nothing is dropped

enum class Mode { plain, mmsg, gro };

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7007;
    Mode mode = Mode::plain;
    unsigned batch = 32;
    bool epoll = false;
    bool sched_batch = false;
};

// What is received into and sent from; the message headers keep what does not change.
class Batch {
public:
    Batch(unsigned size, socklen_t name_length, bool trains);
    int receive(int fd, int flags) {
        return ::recvmmsg(fd, in_.data(), static_cast<unsigned>(in_.size()), flags, nullptr);
    }
    void send(int fd, int count);

private:
    struct Slot {
        sockaddr_storage name;
        iovec in;
        iovec out;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> in_control;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> out_control;
    };

    void prepare_train(std::size_t i);

    bool trains_;
    std::vector<char> memory_;
    std::vector<Slot> slots_;
    std::vector<mmsghdr> in_;
    std::vector<mmsghdr> out_;
};

Batch::Batch(unsigned size, socklen_t name_length, bool trains)
    : trains_(trains), memory_(size * largest), slots_(size), in_(size), out_(size) {
    for (std::size_t i = 0; i < size; ++i) {
        auto &slot = slots_[i];
        slot.in = {memory_.data() + i * largest, largest};
        slot.out = slot.in;
        in_[i].msg_hdr = {&slot.name, name_length, &slot.in, 1, nullptr, 0, 0};
        out_[i].msg_hdr = {&slot.name, name_length, &slot.out, 1, nullptr, 0, 0};
        if (!trains)
            continue;
        in_[i].msg_hdr.msg_control = slot.in_control.data();
        in_[i].msg_hdr.msg_controllen = slot.in_control.size();
        const msghdr control{
            nullptr, 0, nullptr, 0, slot.out_control.data(), slot.out_control.size(), 0};
        auto *header = CMSG_FIRSTHDR(&control);
        header->cmsg_level = IPPROTO_UDP;
        header->cmsg_type = UDP_SEGMENT;
        header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    }
}

// UDP_GRO comes with what was put together, and only then.
void Batch::prepare_train(std::size_t i) {
    auto &out = out_[i].msg_hdr;
    out.msg_control = nullptr;
    out.msg_controllen = 0;
    if (const auto *header = CMSG_FIRSTHDR(&in_[i].msg_hdr)) {
        int size = 0;
        std::memcpy(&size, CMSG_DATA(header), sizeof(size));
        if (static_cast<unsigned>(size) < in_[i].msg_len) {
            const auto segment = static_cast<std::uint16_t>(size);
            out.msg_control = slots_[i].out_control.data();
            out.msg_controllen = slots_[i].out_control.size();
            std::memcpy(CMSG_DATA(CMSG_FIRSTHDR(&out)), &segment, sizeof(segment));
        }
    }
    in_[i].msg_hdr.msg_controllen = slots_[i].in_control.size();
}

// A datagram that cannot be sent is nobody's but its peer's loss.
void Batch::send(int fd, int count) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        slots_[i].out.iov_len = in_[i].msg_len;
        if (trains_)
            prepare_train(i);
    }
    for (int sent = 0; sent < count;) {
        const int now = ::sendmmsg(fd, out_.data() + sent, static_cast<unsigned>(count - sent), 0);
        sent += now > 0 ? now : 1;
    }
}

class Server {
public:
    explicit Server(const Options &options);
    [[noreturn]] void run();

private:
    [[noreturn]] void run_plain();
    [[noreturn]] void run_batches();
    void wait();

    Options options_;
    bench::Endpoint at_;
    Descriptor socket_;
    Descriptor poll_;
};

Server::Server(const Options &options)
    : options_(options), at_(bench::endpoint(options.address, options.port)),
      socket_(check(::socket(at_.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")) {
    const int fd = socket_.get();
    bench::set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer);
    if (options.mode == Mode::gro)
        bench::set_option(fd, IPPROTO_UDP, UDP_GRO, 1);
    check(::bind(fd, at_.address(), at_.length), "bind");
    if (options.sched_batch) {
        const sched_param none{};
        check(::sched_setscheduler(0, SCHED_BATCH, &none), "sched_setscheduler");
    }
    if (!options.epoll)
        return;
    poll_ = Descriptor(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void Server::wait() {
    epoll_event event{};
    if (::epoll_wait(poll_.get(), &event, 1, -1) < 0 && errno != EINTR)
        bench::fail("epoll_wait");
}

void Server::run() {
    if (options_.mode == Mode::plain)
        run_plain();
    run_batches();
}

// An error of the socket's own is an ICMP error or a lack of memory: nothing that lasts.
void Server::run_plain() {
    alignas(4096) static std::array<char, largest> buffer;
    sockaddr_storage peer{};
    const int flags = options_.epoll ? MSG_DONTWAIT : 0;
    for (;;) {
        socklen_t length = sizeof(peer);
        auto *const address = reinterpret_cast<sockaddr *>(&peer);
        const ssize_t got =
            ::recvfrom(socket_.get(), buffer.data(), buffer.size(), flags, address, &length);
        if (got >= 0)
            ::sendto(socket_.get(), buffer.data(), static_cast<std::size_t>(got), 0, address,
                     length);
        else if (errno == EAGAIN)
            wait();
    }
}

// With epoll a batch that is not full has drained the socket: what comes later makes an edge.
void Server::run_batches() {
    Batch batch(options_.batch, at_.length, options_.mode == Mode::gro);
    const int flags = options_.epoll ? MSG_DONTWAIT : MSG_WAITFORONE;
    for (;;) {
        const int got = batch.receive(socket_.get(), flags);
        if (got > 0)
            batch.send(socket_.get(), got);
        if (options_.epoll && got < static_cast<int>(options_.batch))
            wait();
    }
}

Mode mode(const std::string &name) {
    if (name == "plain")
        return Mode::plain;
    if (name == "mmsg")
        return Mode::mmsg;
    if (name == "gro")
        return Mode::gro;
    throw std::invalid_argument("a mode is plain, mmsg or gro");
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (bench::take_server_option(options, name, arguments))
            continue;
        if (name == "--mode")
            options.mode = mode(arguments.text());
        else if (name == "--batch")
            options.batch = arguments.number<unsigned>();
        else if (name == "--wait")
            options.epoll = arguments.choice("epoll", "block");
        else
            throw bench::Help(
                name, "usage: udp_echo [--address A] [--port P] [--mode plain|mmsg|gro] [--batch N]"
                      " [--wait block|epoll] [--sched other|batch]");
    }
    if (options.batch == 0 || options.batch > 1024)
        throw std::invalid_argument("a batch is 1 to 1024 datagrams");
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_server<Server>("udp_echo", argc, argv, parse);
}
