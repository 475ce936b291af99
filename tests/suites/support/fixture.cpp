// SPDX-License-Identifier: GPL-2.0
#include "support/fixture.hpp"

#include <sched.h>

#include "support/health.hpp"

namespace kinetd::suite {

std::uint16_t fresh_port() {
    static std::uint16_t next = 21000;
    return next++;
}

std::string parameters_for(std::uint16_t port, const std::string &address) {
    return "port=" + std::to_string(port) + " address=" + address;
}

std::string echo_parameters(std::uint16_t port, const std::string &address) {
    return parameters_for(port, address);
}

void PrintTo(Ending ending, std::ostream *out) {
    static constexpr const char *names[] = {"open", "finished", "reset"};
    *out << names[static_cast<int>(ending)];
}

void ProtocolTest::hold_the_workers_back() const {
    ASSERT_TRUE(pool_.set("cpus", "0").ok());
    const sched_param none{};
    for (const auto &worker : worker_threads())
        ASSERT_EQ(::sched_setscheduler(worker.pid, SCHED_IDLE, &none), 0);
}

} // namespace kinetd::suite
