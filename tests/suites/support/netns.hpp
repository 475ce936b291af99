// SPDX-License-Identifier: GPL-2.0
/// \file
/// Network namespaces that end with the object that holds them.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/descriptor.hpp"
#include "support/result.hpp"

namespace kinetd::suite {

class NetworkNamespace {
public:
    /// A new namespace with its loopback up.
    static Result<NetworkNamespace> create();

    /// Runs `work` on a thread of its own inside the namespace and returns what it returns.
    template <class Work>
    auto run(Work work) const {
        std::exception_ptr problem;
        using Value = std::invoke_result_t<Work>;
        if constexpr (std::is_void_v<Value>) {
            enter_and([&] { work(); }, problem);
            if (problem)
                std::rethrow_exception(problem);
        } else {
            Result<Value> value = Error{0, "nothing ran in the namespace"};
            enter_and([&] { value = work(); }, problem);
            if (problem)
                std::rethrow_exception(problem);
            return std::move(value).value();
        }
    }

    /// The inode number that names it.
    [[nodiscard]] std::uint64_t inode() const;

    /// A path that names it for other processes, while this lives.
    [[nodiscard]] std::string path() const;
    /// Whether it has not been dropped nor moved away.
    explicit operator bool() const { return static_cast<bool>(fd_); }

    /// Drops the one reference; the kernel tears the namespace down in the background.
    void drop() { fd_.close(); }

private:
    explicit NetworkNamespace(Descriptor fd) : fd_(std::move(fd)) {}

    template <class Work>
    void enter_and(Work work, std::exception_ptr &problem) const {
        std::thread([&] {
            try {
                enter().value();
                work();
            } catch (...) {
                problem = std::current_exception();
            }
        }).join();
    }
    [[nodiscard]] Status enter() const;

    Descriptor fd_;
};

/// The inode number of the calling thread's namespace.
std::uint64_t own_namespace_inode();

} // namespace kinetd::suite
