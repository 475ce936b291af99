// SPDX-License-Identifier: GPL-2.0
/// \file
/// Runs the suites. Meant for a throw-away guest: it loads and unloads kernel modules.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "support/datagram.hpp"
#include "support/environment.hpp"
#include "support/health.hpp"
#include "support/module.hpp"
#include "support/oracle.hpp"
#include "support/report.hpp"
#include "support/watchdog.hpp"

int main(int argc, char **argv) {
    using namespace kinetd::suite;

    testing::InitGoogleTest(&argc, argv);
    if (testing::GTEST_FLAG(list_tests))
        return RUN_ALL_TESTS();
    if (std::getenv("KINETD_KERNEL") == nullptr || std::getenv("KINETD_MODULES") == nullptr) {
        std::fprintf(stderr, "These suites load kernel modules: run them in a guest "
                             "(KINETD_KERNEL and KINETD_MODULES say which and where).\n");
        return 2;
    }
    raise_file_limit();
    // The first socket that takes trains has the kernel patch its own text, the last one has it
    // patched back. QEMU's emulated CPUs sometimes run the breakpoint of a patch once more when it
    // has been taken out already, which ends the guest ("Oops: int3"). With these there is always
    // one.
    const auto trains_v4 = datagram_socket(AF_INET, {.trains = true});
    const auto trains_v6 = datagram_socket(AF_INET6, {.trains = true});
    ignore_present_threads();
    // The first load taints the kernel as "out of tree"; what comes after is compared with that.
    const auto loaded = insert_core();
    if (!loaded)
        std::printf("  %s\n", loaded.text().c_str());
    (void)remove_everything();

    auto &listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    // The end of a test reaches them in reverse order: the oracle's findings are in the report, and
    // its checks under the watchdog.
    listeners.Append(new Report);
    listeners.Append(new Watchdog);
    listeners.Append(new Oracle);
    const int status = RUN_ALL_TESTS();
    return Report::any_failed() ? 1 : status;
}
