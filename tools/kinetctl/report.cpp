// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/report.hpp"

#include <fmt/format.h>

#include <array>

namespace kinetd::ctl {

namespace {

const char *word_of(config::Sign sign) {
    static constexpr std::array words{"add", "change", "remove"};
    return words[static_cast<std::size_t>(sign)];
}

std::string line_of(const config::Change &change) {
    static constexpr std::array signs{'+', '~', '-'};
    auto line = fmt::format("{} {}", signs[static_cast<std::size_t>(change.sign)], change.what);
    if (change.sign == config::Sign::change)
        line += fmt::format(": {} -> {}", change.from.empty() ? "?" : change.from, change.to);
    else if (!change.to.empty())
        line += ": " + change.to;
    if (!change.warning.empty())
        line += fmt::format("  ({})", change.warning);
    return line + "\n";
}

} // namespace

std::string changes_text(const std::vector<config::Change> &changes) {
    std::string text;
    for (const auto &change : changes)
        text += line_of(change);
    return text;
}

Json to_json(const std::vector<config::Change> &changes) {
    Json list = Json::array();
    for (const auto &change : changes) {
        Json entry{{"do", word_of(change.sign)}, {"what", change.what}};
        if (change.sign == config::Sign::change)
            entry["from"] = change.from;
        if (!change.to.empty())
            entry["to"] = change.to;
        if (!change.warning.empty())
            entry["warning"] = change.warning;
        list.push_back(std::move(entry));
    }
    return list;
}

std::vector<std::string> failure_lines(const std::string &file, const config::Lines &lines,
                                       const config::Outcome &outcome) {
    std::vector<std::string> result;
    const auto say = [&](const config::Failure &failure, const char *more) {
        const config::Problem problem{lines.of(failure.what),
                                      fmt::format("{}: {}{}", failure.what, failure.text, more)};
        result.push_back(problem.in(file));
    };
    if (outcome.failure)
        say(*outcome.failure,
            outcome.left.empty() ? "; all is as it was before" : "; not all is as it was before:");
    for (const auto &failure : outcome.left)
        say(failure, "; this could not be taken back");
    for (const auto &failure : outcome.skipped)
        say(failure, "; left as it is, the rest is in force");
    return result;
}

} // namespace kinetd::ctl
