// SPDX-License-Identifier: GPL-2.0
#include "kinetload/program.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "kinetload/options.hpp"
#include "kinetload/report.hpp"
#include "kinetload/run.hpp"

namespace kinetd::load {

namespace {

int complain(const std::string &text, int status) {
    fmt::print(stderr, "kinetload: {}\n", text);
    return status;
}

/// False where not all of it could be written.
bool write_all(std::FILE *file, const std::string &text) {
    return std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

int print(const std::string &text, std::FILE *output, int status) {
    if (!write_all(output, text))
        return complain(last_error("not all of the output could be written", errno).text,
                        exit_trouble);
    return status;
}

int run_and_report(const Options &options, std::FILE *output) {
    Run run(options);
    const auto summary = run.execute();
    if (!summary)
        return complain(summary.error().text, exit_no_start);
    return print(report(*summary), output, summary->trouble() ? exit_trouble : exit_ok);
}

} // namespace

int run_program(int count, const char *const *values) {
    const auto command = parse_command_line(count, values);
    if (!command.options)
        return print(command.text, command.status == exit_ok ? stdout : stderr, command.status);
    const auto &options = *command.options;
    if (options.output.empty())
        return run_and_report(options, stdout);
    // Before the run, so that it is not for nothing.
    const File file(std::fopen(options.output.c_str(), "we"), std::fclose);
    if (!file)
        return complain(last_error("--output " + options.output, errno).text, exit_no_start);
    return run_and_report(options, file.get());
}

} // namespace kinetd::load
