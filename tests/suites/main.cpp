// SPDX-License-Identifier: GPL-2.0
/// \file
/// Runs the suites. Meant for a throw-away guest: it loads and unloads kernel modules.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "support/environment.hpp"
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
