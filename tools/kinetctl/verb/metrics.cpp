// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/descriptor.hpp"
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

/// Writes a file beside the other one and puts it in its place; an errno on failure.
int replace_file(const std::string &path, const std::string &text) {
    std::string beside = path + ".XXXXXX";
    const Descriptor file(::mkostemp(beside.data(), O_CLOEXEC));
    if (!file)
        return errno;
    const auto written = ::write(file.get(), text.data(), text.size());
    int problem = written < 0 ? errno : 0;
    if (written >= 0 && static_cast<std::size_t>(written) != text.size())
        problem = ENOSPC;
    // Whoever collects it is not root.
    if (problem == 0 && (::fchmod(file.get(), 0644) != 0 || ::fsync(file.get()) != 0 ||
                         ::rename(beside.c_str(), path.c_str()) != 0))
        problem = errno;
    if (problem != 0)
        (void)::unlink(beside.c_str());
    return problem;
}

int metrics(Session &session, const std::string &output) {
    const auto text = metrics_text(take_sample(session.tree()));
    if (output.empty()) {
        session.out << text;
        return exit_done;
    }
    const int problem = replace_file(output, text);
    if (problem != 0)
        return session.fail(exit_for(problem == ENOENT ? EIO : problem, true),
                            tree::Error{problem, "cannot write " + output}.text());
    return exit_done;
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
