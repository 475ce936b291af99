// SPDX-License-Identifier: GPL-2.0
#include "support/exec.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/clock.hpp"
#include "support/health.hpp"
#include "support/service.hpp"

namespace kinetd::suite {

void obey_environment(const std::string &service) {
    if (const char *exec = std::getenv("KINETD_EXEC"))
        (void)Service(service).set("exec", exec);
}

bool inline_by_environment() {
    const char *exec = std::getenv("KINETD_EXEC");
    return exec != nullptr && std::string(exec) == "inline";
}

bool worker_answers(const std::function<Status()> &ask) {
    for (int i = 0; i < 20; i++) {
        const auto before = worker_sleeps();
        if (!ask().ok() ||
            !wait_for([&] { return worker_sleeps() > before; }, patience(seconds(5))))
            return false;
    }
    return true;
}

bool softirq_answers(const std::function<Status()> &ask, unsigned row) {
    bool lost = false;
    const auto most = [&] {
        const auto before = worker_sleeps();
        for (unsigned i = 0; i < row && !lost; i++) {
            const auto answer = ask();
            lost = !answer.ok();
            EXPECT_FALSE(lost) << i << ": " << answer.text();
        }
        return lost || worker_sleeps() - before < row / 10;
    };
    return wait_for(most, patience(seconds(20))) && !lost;
}

} // namespace kinetd::suite
