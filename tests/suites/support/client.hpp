// SPDX-License-Identifier: GPL-2.0
/// \file
/// kinetd_client: its module, and its folders as values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "support/clock.hpp"
#include "support/health.hpp"
#include "support/module.hpp"
#include "support/result.hpp"
#include "support/service.hpp"

namespace kinetd::suite {

Status insert_client();
Removal remove_client();

Status new_client(const std::string &name);
Status delete_client(const std::string &name);

/// The threads of clients that run.
std::vector<Thread> client_threads();
/// Waits for it: one that has ended, and been waited for in the kernel, is in /proc a while longer.
bool client_threads_are_gone();

class Client : public Folder {
public:
    using Settings = std::initializer_list<std::pair<const char *, std::string>>;

    explicit Client(const std::string &name) : Folder(sysfs_root + "/clients/" + name) {}

    /// Makes one and gives it these settings, in this order; throws where that fails.
    static Client make(const std::string &name, Settings settings = {});

    /// Throws where one is refused.
    void configure(Settings settings) const;

    [[nodiscard]] Status start() const { return set("running", 1); }
    [[nodiscard]] Status stop() const { return set("running", 0); }
    [[nodiscard]] bool running() const { return number("running") == 1; }

    [[nodiscard]] std::uint64_t stat(const std::string &counter) const {
        return number("stats/" + counter);
    }
    /// Messages of which is known what became of them.
    [[nodiscard]] std::uint64_t concluded() const {
        return stat("received") + stat("mismatched") + stat("lost");
    }

    /// Starts, and waits until it has sent all that it was to send.
    [[nodiscard]] Status run(Milliseconds limit = patience(seconds(20))) const;
    [[nodiscard]] bool ends(Milliseconds limit = patience(seconds(20))) const;

    /// Waits until a counter has grown by so much from now.
    [[nodiscard]] bool grows(const std::string &counter, std::uint64_t by = 1,
                             Milliseconds limit = patience(seconds(20))) const;

    /// All counters in a line.
    [[nodiscard]] std::string summary() const;
};

} // namespace kinetd::suite
