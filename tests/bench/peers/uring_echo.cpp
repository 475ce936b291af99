// SPDX-License-Identifier: GPL-2.0
// The user-space peer with io_uring: a TCP echo server (RFC 862) on one thread, with one multishot
// accept and, for each connection, one multishot recv that fills buffers from a common ring.  What
// was received is sent from where it lies; one io_uring_enter submits the sends and waits.
//
// A connection has one send on its way, of all that came while the last one was, so that nothing is
// overtaken: sendmsg over several buffers does what a send bundle would, whose buffers would have
// to come from a ring of the connection's own.  While the ring is empty, receiving waits for
// buffers that come back.
//
//   --buffers N          how many, a power of 2
//   --bytes N            of each
//   --bundle yes         recv fills several buffers at once where the kernel can (6.10 and later)
//   --sched batch        SCHED_BATCH: does not preempt who wakes it
#include "socket.hpp"

#include <liburing.h>
#include <sched.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

namespace {

using bench::check;
using bench::Descriptor;

constexpr unsigned entries = 4096;
constexpr unsigned group = 0;
constexpr std::size_t pieces_at_once = 64; // of a sendmsg
// Not in Debian 12's liburing.
constexpr unsigned short recv_bundle = 1U << 4;
constexpr unsigned feature_bundle = 1U << 14;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7007;
    unsigned buffers = 1024;
    unsigned bytes = 65536;
    bool bundle = false;
    bool sched_batch = false;
};

int checked(int result, const char *what) {
    if (result < 0)
        throw std::system_error(-result, std::generic_category(), what);
    return result;
}

// The buffers, and the ring that the kernel takes them from, in the order in which they were put
// there: a bundle is a run of that order.
class Buffers {
public:
    Buffers(io_uring &ring, unsigned count, unsigned bytes);
    void give_back(unsigned buffer);
    [[nodiscard]] unsigned after(unsigned buffer) const {
        return order_[(place_[buffer] + 1) & mask_];
    }
    [[nodiscard]] unsigned bytes() const { return bytes_; }
    char *at(unsigned buffer) { return memory_.get() + std::size_t{buffer} * bytes_; }

private:
    struct Free {
        void operator()(void *memory) const { std::free(memory); }
    };

    unsigned bytes_, mask_;
    std::unique_ptr<char, Free> memory_;
    std::unique_ptr<io_uring_buf_ring, Free> ring_;
    std::vector<unsigned> order_, place_;
    unsigned tail_ = 0;
};

Buffers::Buffers(io_uring &ring, unsigned count, unsigned bytes)
    : bytes_(bytes), mask_(count - 1),
      memory_(static_cast<char *>(std::aligned_alloc(4096, std::size_t{count} * bytes))),
      ring_(static_cast<io_uring_buf_ring *>(
          std::aligned_alloc(4096, std::size_t{count} * sizeof(io_uring_buf)))),
      order_(count), place_(count) {
    std::memset(memory_.get(), 0, std::size_t{count} * bytes); // no message pays for a page's fault
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(ring_.get());
    registration.ring_entries = count;
    registration.bgid = group;
    checked(::io_uring_register_buf_ring(&ring, &registration, 0), "io_uring_register_buf_ring");
    ::io_uring_buf_ring_init(ring_.get());
    for (unsigned i = 0; i < count; ++i)
        give_back(i);
}

void Buffers::give_back(unsigned buffer) {
    order_[tail_ & mask_] = buffer;
    place_[buffer] = tail_++ & mask_;
    ::io_uring_buf_ring_add(ring_.get(), at(buffer), bytes_, static_cast<unsigned short>(buffer),
                            static_cast<int>(mask_), 0);
    ::io_uring_buf_ring_advance(ring_.get(), 1);
}

struct Piece {
    unsigned buffer;
    std::size_t length;
};

struct Connection {
    std::deque<Piece> waiting;  // received, not being sent
    std::vector<Piece> leaving; // in the send that is on its way
    std::array<iovec, pieces_at_once> vector;
    msghdr message;
    bool open = false;
    bool ended = false; // nothing more is received
};

class Server {
public:
    explicit Server(const Options &options);
    [[noreturn]] void run();

private:
    enum Kind : std::uint64_t { accepted, received, sent };

    io_uring_sqe *request(Kind kind, int fd);
    void accept();
    void receive(int fd);
    void send(int fd);
    void complete(const io_uring_cqe &cqe);
    void on_accepted(const io_uring_cqe &cqe);
    void on_received(int fd, const io_uring_cqe &cqe);
    void on_sent(int fd, int result);
    void keep(Connection &connection, unsigned buffer, std::size_t length);
    void resume_starved();
    void drop(int fd);

    Options options_;
    Descriptor listener_;
    io_uring ring_{};
    std::unique_ptr<Buffers> buffers_;
    std::vector<std::unique_ptr<Connection>> connections_; // by descriptor
    std::vector<int> starved_;                             // found no buffer
};

Server::Server(const Options &options) : options_(options) {
    const auto at = bench::endpoint(options.address, options.port);
    listener_ = Descriptor(check(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    bench::set_option(listener_.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    bench::set_option(listener_.get(), IPPROTO_TCP, TCP_NODELAY, 1); // inherited
    check(::bind(listener_.get(), at.address(), at.length), "bind");
    check(::listen(listener_.get(), SOMAXCONN), "listen");
    if (options.sched_batch) {
        const sched_param none{};
        check(::sched_setscheduler(0, SCHED_BATCH, &none), "sched_setscheduler");
    }
    checked(::io_uring_queue_init(entries, &ring_,
                                  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN),
            "io_uring_queue_init");
    checked(::io_uring_register_ring_fd(&ring_), "io_uring_register_ring_fd");
    options_.bundle = options.bundle && (ring_.features & feature_bundle) != 0;
    buffers_ = std::make_unique<Buffers>(ring_, options.buffers, options.bytes);
    accept();
}

io_uring_sqe *Server::request(Kind kind, int fd) {
    io_uring_sqe *sqe = ::io_uring_get_sqe(&ring_);
    if (sqe == nullptr) {
        checked(::io_uring_submit(&ring_), "io_uring_submit");
        sqe = ::io_uring_get_sqe(&ring_);
    }
    if (kind == accepted)
        ::io_uring_prep_multishot_accept(sqe, fd, nullptr, nullptr, SOCK_CLOEXEC);
    else if (kind == received)
        ::io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
    ::io_uring_sqe_set_data64(sqe, static_cast<std::uint64_t>(fd) << 2U | kind);
    return sqe;
}

void Server::accept() {
    request(accepted, listener_.get());
}

void Server::receive(int fd) {
    io_uring_sqe *sqe = request(received, fd);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = group;
    if (options_.bundle)
        sqe->ioprio |= recv_bundle;
}

// With MSG_WAITALL the kernel itself goes on where the socket had no room for all.
void Server::send(int fd) {
    auto &connection = *connections_[static_cast<std::size_t>(fd)];
    while (!connection.waiting.empty() && connection.leaving.size() < pieces_at_once) {
        connection.leaving.push_back(connection.waiting.front());
        connection.waiting.pop_front();
    }
    io_uring_sqe *sqe = request(sent, fd);
    const std::uint64_t data = sqe->user_data;
    if (connection.leaving.size() == 1) {
        const auto &piece = connection.leaving.front();
        ::io_uring_prep_send(sqe, fd, buffers_->at(piece.buffer), piece.length,
                             MSG_WAITALL | MSG_NOSIGNAL);
    } else {
        for (std::size_t i = 0; i < connection.leaving.size(); ++i)
            connection.vector[i] = {buffers_->at(connection.leaving[i].buffer),
                                    connection.leaving[i].length};
        connection.message = {};
        connection.message.msg_iov = connection.vector.data();
        connection.message.msg_iovlen = connection.leaving.size();
        ::io_uring_prep_sendmsg(sqe, fd, &connection.message, MSG_WAITALL | MSG_NOSIGNAL);
    }
    ::io_uring_sqe_set_data64(sqe, data);
}

void Server::on_accepted(const io_uring_cqe &cqe) {
    if ((cqe.flags & IORING_CQE_F_MORE) == 0)
        accept();
    if (cqe.res < 0)
        return;
    const auto index = static_cast<std::size_t>(cqe.res);
    if (connections_.size() <= index)
        connections_.resize(index + 1);
    if (!connections_[index])
        connections_[index] = std::make_unique<Connection>();
    connections_[index]->open = true;
    connections_[index]->ended = false;
    receive(cqe.res);
}

// A bundle is whole buffers and the beginning of the last.
void Server::keep(Connection &connection, unsigned buffer, std::size_t length) {
    while (length > buffers_->bytes()) {
        const unsigned next = buffers_->after(buffer);
        connection.waiting.push_back({buffer, buffers_->bytes()});
        length -= buffers_->bytes();
        buffer = next;
    }
    connection.waiting.push_back({buffer, length});
}

void Server::on_received(int fd, const io_uring_cqe &cqe) {
    auto &connection = *connections_[static_cast<std::size_t>(fd)];
    if (cqe.res > 0)
        keep(connection, cqe.flags >> IORING_CQE_BUFFER_SHIFT, static_cast<std::size_t>(cqe.res));
    else if ((cqe.flags & IORING_CQE_F_BUFFER) != 0)
        buffers_->give_back(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
    if (cqe.res == -ENOBUFS)
        starved_.push_back(fd);
    else if (cqe.res <= 0)
        connection.ended = true;
    else if ((cqe.flags & IORING_CQE_F_MORE) == 0)
        receive(fd);
    if (!connection.leaving.empty())
        return;
    if (!connection.waiting.empty())
        send(fd);
    else if (connection.ended)
        drop(fd);
}

void Server::on_sent(int fd, int result) {
    auto &connection = *connections_[static_cast<std::size_t>(fd)];
    for (const auto &piece : connection.leaving)
        buffers_->give_back(piece.buffer);
    connection.leaving.clear();
    resume_starved();
    if (result < 0) {
        for (const auto &piece : connection.waiting)
            buffers_->give_back(piece.buffer);
        connection.waiting.clear();
        ::shutdown(fd, SHUT_RDWR); // ends the receiving, too
    }
    if (!connection.waiting.empty())
        send(fd);
    else if (connection.ended)
        drop(fd);
}

void Server::resume_starved() {
    for (const int fd : std::exchange(starved_, {}))
        receive(fd);
}

void Server::drop(int fd) {
    connections_[static_cast<std::size_t>(fd)]->open = false;
    ::close(fd);
}

void Server::complete(const io_uring_cqe &cqe) {
    const int fd = static_cast<int>(cqe.user_data >> 2U);
    switch (cqe.user_data & 3U) {
    case accepted:
        return on_accepted(cqe);
    case received:
        return on_received(fd, cqe);
    default:
        return on_sent(fd, cqe.res);
    }
}

void Server::run() {
    for (;;) {
        const int result = ::io_uring_submit_and_wait(&ring_, 1);
        if (result != -EINTR && result != -EBUSY)
            checked(result, "io_uring_submit_and_wait");
        io_uring_cqe *cqe = nullptr;
        unsigned head = 0;
        unsigned seen = 0;
        io_uring_for_each_cqe(&ring_, head, cqe) {
            ++seen;
            complete(*cqe);
        }
        ::io_uring_cq_advance(&ring_, seen);
    }
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (bench::take_server_option(options, name, arguments))
            continue;
        if (name == "--buffers")
            options.buffers = arguments.number<unsigned>();
        else if (name == "--bytes")
            options.bytes = arguments.number<unsigned>();
        else if (name == "--bundle")
            options.bundle = arguments.choice("yes", "no");
        else
            throw bench::Help(name, "usage: uring_echo [--address A] [--port P] [--buffers N]"
                                    " [--bytes N] [--bundle no|yes] [--sched other|batch]");
    }
    if (options.buffers == 0 || options.buffers > 32768 ||
        (options.buffers & (options.buffers - 1)) != 0 || options.bytes < 64)
        throw std::invalid_argument("buffers is a power of 2 up to 32768, bytes at least 64");
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_server<Server>("uring_echo", argc, argv, parse);
}
