// SPDX-License-Identifier: GPL-2.0
// What the benchmark's servers and clients share: a descriptor that closes itself, addresses,
// options.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace bench {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(Descriptor &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor &operator=(Descriptor &&other) noexcept {
        reset(std::exchange(other.fd_, -1));
        return *this;
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept {
        if (fd_ >= 0)
            ::close(fd_);
        fd_ = fd;
    }

private:
    int fd_ = -1;
};

[[noreturn]] inline void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

inline int check(int result, const char *what) {
    if (result < 0)
        fail(what);
    return result;
}

struct Endpoint {
    sockaddr_storage storage{};
    socklen_t length = 0;

    [[nodiscard]] const sockaddr *address() const {
        return reinterpret_cast<const sockaddr *>(&storage);
    }
    [[nodiscard]] int family() const { return storage.ss_family; }
};

inline Endpoint endpoint(const std::string &address, std::uint16_t port) {
    Endpoint result;
    sockaddr_in four{};
    sockaddr_in6 six{};
    if (inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        std::memcpy(&result.storage, &four, sizeof(four));
        result.length = sizeof(four);
    } else if (inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        std::memcpy(&result.storage, &six, sizeof(six));
        result.length = sizeof(six);
    } else {
        throw std::invalid_argument("not an IPv4 or IPv6 literal: " + address);
    }
    return result;
}

inline void set_option(int fd, int level, int name, int value) {
    check(::setsockopt(fd, level, name, &value, sizeof(value)), "setsockopt");
}

// Takes "--name value" pairs and "--flag" off a command line.
class Arguments {
public:
    Arguments(int count, char **values) : next_(values + 1), end_(values + count) {}

    [[nodiscard]] bool empty() const { return next_ == end_; }
    std::string_view name() { return *next_++; }
    std::string text() {
        if (empty())
            throw std::invalid_argument("an option lacks its value");
        return *next_++;
    }
    // One of two words; true for the first.
    bool choice(const char *yes, const char *no) {
        const std::string value = text();
        if (value != yes && value != no)
            throw std::invalid_argument(std::string("neither ") + yes + " nor " + no + ": " +
                                        value);
        return value == yes;
    }
    template <typename Number>
    Number number() {
        const std::string value = text();
        Number result{};
        const char *last = value.data() + value.size();
        const auto parsed = std::from_chars(value.data(), last, result);
        if (parsed.ec != std::errc{} || parsed.ptr != last)
            throw std::invalid_argument("not a number in range: " + value);
        return result;
    }

private:
    char **next_;
    char **end_;
};

// What an option that is not known is answered with; asking for it is no mistake.
class Help : public std::invalid_argument {
public:
    Help(std::string_view option, const std::string &text)
        : std::invalid_argument(text), asked(option == "--help") {}
    bool asked;
};

// All of a program: its exit status, and its errors told by its name.
template <typename Body>
int run_program(const char *name, Body body) {
    try {
        body();
        return 0;
    } catch (const Help &help) {
        std::fprintf(help.asked ? stdout : stderr, "%s\n", help.what());
        return help.asked ? 0 : 2;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s: %s\n", name, error.what());
        return 1;
    }
}

// A server says this when clients may come.
inline void say_ready() {
    std::puts("ready");
    std::fflush(stdout);
}

// Options that most servers have: where, and how its threads are scheduled.
template <typename Options>
bool take_server_option(Options &options, std::string_view name, Arguments &arguments) {
    if (name == "--address")
        options.address = arguments.text();
    else if (name == "--port")
        options.port = arguments.number<std::uint16_t>();
    else if (name == "--sched")
        options.sched_batch = arguments.choice("batch", "other");
    else
        return false;
    return true;
}

// All of a server's program.
template <typename Server, typename Options>
int run_server(const char *name, int argc, char **argv, Options (*parse)(Arguments)) {
    return run_program(name, [&] {
        static Server server(parse(Arguments(argc, argv))); // its buffer may be more than a stack
        say_ready();
        server.run();
    });
}

} // namespace bench
