// SPDX-License-Identifier: GPL-2.0
// The user-space peer for datagrams with io_uring: one multishot recvmsg that fills a ring of
// buffers, and a sendmsg for each datagram; one io_uring_enter submits the answers and waits.
//
//   --sched batch        as for udp_echo
#include "socket.hpp"

#include <liburing.h>
#include <sched.h>

#include <cstdlib>
#include <vector>

namespace {

using bench::check;
using bench::Descriptor;

constexpr unsigned buffers = 256;
constexpr std::size_t buffer_size = 65536 + 256; // a datagram behind its header and its address
constexpr int group = 0;
constexpr std::uint64_t receiving = buffers; // user data; of an answer it is the buffer's number
constexpr int receive_buffer = 16 * 1024 * 1024;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7007;
    bool sched_batch = false;
};

int checked(int result, const char *what) {
    if (result < 0) {
        errno = -result;
        bench::fail(what);
    }
    return result;
}

class Server {
public:
    explicit Server(const Options &options);
    ~Server() {
        ::io_uring_queue_exit(&ring_);
        std::free(free_buffers_); // NOLINT: from aligned_alloc
    }
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;
    [[noreturn]] void run();

private:
    struct Answer {
        msghdr message;
        iovec data;
    };

    void receive();
    void received(const io_uring_cqe &cqe);
    void give_back(unsigned buffer);
    char *at(unsigned buffer) { return memory_.data() + buffer * buffer_size; }

    io_uring ring_{};
    io_uring_buf_ring *free_buffers_;
    Descriptor socket_;
    msghdr layout_{};
    std::vector<char> memory_;
    std::vector<Answer> answers_;
};

Server::Server(const Options &options)
    : free_buffers_(static_cast<io_uring_buf_ring *>(
          std::aligned_alloc(4096, buffers * sizeof(io_uring_buf)))),
      memory_(buffers * buffer_size), answers_(buffers) {
    const auto server = bench::endpoint(options.address, options.port);
    socket_ = Descriptor(check(::socket(server.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
    bench::set_option(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer);
    check(::bind(socket_.get(), server.address(), server.length), "bind");
    layout_.msg_namelen = server.length;
    if (options.sched_batch) {
        const sched_param none{};
        check(::sched_setscheduler(0, SCHED_BATCH, &none), "sched_setscheduler");
    }
    checked(::io_uring_queue_init(2 * buffers, &ring_,
                                  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN),
            "io_uring_queue_init");
    const int fd = socket_.get();
    checked(::io_uring_register_files(&ring_, &fd, 1), "io_uring_register_files");
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(free_buffers_);
    registration.ring_entries = buffers;
    registration.bgid = group;
    checked(::io_uring_register_buf_ring(&ring_, &registration, 0), "io_uring_register_buf_ring");
    ::io_uring_buf_ring_init(free_buffers_);
    for (unsigned i = 0; i < buffers; ++i)
        give_back(i);
    receive();
}

void Server::give_back(unsigned buffer) {
    ::io_uring_buf_ring_add(free_buffers_, at(buffer), buffer_size,
                            static_cast<unsigned short>(buffer), ::io_uring_buf_ring_mask(buffers),
                            0);
    ::io_uring_buf_ring_advance(free_buffers_, 1);
}

void Server::receive() {
    io_uring_sqe *sqe = ::io_uring_get_sqe(&ring_);
    ::io_uring_prep_recvmsg_multishot(sqe, 0, &layout_, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE;
    sqe->buf_group = group;
    ::io_uring_sqe_set_data64(sqe, receiving);
}

void Server::received(const io_uring_cqe &cqe) {
    if ((cqe.flags & IORING_CQE_F_MORE) == 0)
        receive();
    if (cqe.res < 0)
        return;
    const unsigned buffer = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
    auto *out = ::io_uring_recvmsg_validate(at(buffer), cqe.res, &layout_);
    if (out == nullptr)
        return give_back(buffer);
    auto &answer = answers_[buffer];
    answer.data = {::io_uring_recvmsg_payload(out, &layout_),
                   ::io_uring_recvmsg_payload_length(out, cqe.res, &layout_)};
    answer.message = {::io_uring_recvmsg_name(out), out->namelen, &answer.data, 1, nullptr, 0, 0};
    io_uring_sqe *sqe = ::io_uring_get_sqe(&ring_);
    ::io_uring_prep_sendmsg(sqe, 0, &answer.message, 0);
    sqe->flags |= IOSQE_FIXED_FILE;
    ::io_uring_sqe_set_data64(sqe, buffer);
}

// The submission queue has room for an answer from every buffer.
void Server::run() {
    for (;;) {
        const int result = ::io_uring_submit_and_wait(&ring_, 1);
        if (result != -EINTR)
            checked(result, "io_uring_submit_and_wait");
        io_uring_cqe *cqe = nullptr;
        unsigned head = 0;
        unsigned seen = 0;
        io_uring_for_each_cqe(&ring_, head, cqe) {
            ++seen;
            if (cqe->user_data == receiving)
                received(*cqe);
            else
                give_back(static_cast<unsigned>(cqe->user_data));
        }
        ::io_uring_cq_advance(&ring_, seen);
    }
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (!bench::take_server_option(options, name, arguments))
            throw bench::Help(
                name, "usage: uring_udp_echo [--address A] [--port P] [--sched other|batch]");
    }
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_server<Server>("uring_udp_echo", argc, argv, parse);
}
