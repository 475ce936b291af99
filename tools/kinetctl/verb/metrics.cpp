// SPDX-License-Identifier: GPL-2.0
#include <memory>

#include "config/replace_file.hpp"
#include "kinetctl/metrics.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl metrics                                       what Prometheus would read
  kinetctl metrics --output /var/lib/prometheus/node-exporter/kinetd.prom
                                                         for node_exporter's textfile collector

Run the latter from a timer: the file is replaced as a whole, so that nobody reads half of
it. Where kinetd is not loaded it says kinetd_up 0, and the status is 0 all the same.)";

int metrics(Session &session, const std::string &output) {
    const auto text = metrics_text(take_sample(session.tree()));
    if (output.empty()) {
        session.out << text;
        return exit_done;
    }
    const auto status = config::replace_file(output, text);
    if (status)
        return exit_done;
    // No object of kinetd's is missing where a folder is.
    const int code = status.code() == ENOENT ? EIO : status.code();
    return session.fail(exit_for(code, true), "cannot write " + status.error().text());
}

} // namespace

void add_metrics(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("metrics", "Counters in the format of Prometheus");
    auto output = std::make_shared<std::string>();
    verb->add_option("--output", *output, "Replace this file")->type_name("FILE");
    verb->footer(examples);
    verb->callback([&session, output] { session.status = metrics(session, *output); });
}

} // namespace kinetd::ctl
