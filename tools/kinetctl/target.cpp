// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "kinetctl/session.hpp"

namespace kinetd::ctl {

namespace {

using tree::Error;
using tree::Kind;

tree::Result<Target> find_by_name(const tree::Tree &tree, const std::string &name, bool protocols) {
    std::vector<Kind> found;
    for (const auto kind : {Kind::service, Kind::pool, Kind::client})
        if (tree.exists(kind, name))
            found.push_back(kind);
    if (found.size() > 1)
        return Error{ENOTUNIQ, name, "",
                     fmt::format("both a {} and a {} are called {}: say which, such as {} {}",
                                 name_of(found[0]), name_of(found[1]), name, name_of(found[0]),
                                 name)};
    if (found.size() == 1)
        return Target{found[0], name};
    if (protocols && tree.exists(Kind::protocol, name))
        return Target{Kind::protocol, name};
    if (!tree.present())
        return Error{ENOENT, "version"};
    return Error{ENOENT, name, "",
                 fmt::format("nothing is called {}: kinetctl status lists what there is", name)};
}

bool is_key(const std::string &text) {
    constexpr const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
    return !text.empty() && text.find_first_not_of(allowed) == std::string::npos;
}

} // namespace

std::optional<Kind> kind_named(const std::string &word) {
    for (const auto kind : {Kind::service, Kind::pool, Kind::client, Kind::protocol})
        if (word == name_of(kind))
            return kind;
    return std::nullopt;
}

tree::Result<Target> take_target(const tree::Tree &tree, std::vector<std::string> &words,
                                 bool protocols) {
    const auto take = [&words] {
        auto word = std::move(words.front());
        words.erase(words.begin());
        return word;
    };
    if (words.empty())
        return Error{usage_fault, "", "", "whose? Give a name; kinetctl status lists them"};
    const auto first = take();
    const auto kind = kind_named(first);
    if (!kind || words.empty() || words.front().find('=') != std::string::npos)
        return find_by_name(tree, first, protocols);
    Target target{*kind, take()};
    if (!tree.exists(target.kind, target.name))
        return Error{ENOENT, tree::Tree::path_of(target.kind, target.name)};
    return target;
}

tree::Result<std::vector<tree::Setting>> parse_settings(const std::vector<std::string> &words) {
    std::vector<tree::Setting> settings;
    for (const auto &word : words) {
        const auto equals = word.find('=');
        const auto key = word.substr(0, equals);
        if (equals == std::string::npos || !is_key(key))
            return Error{
                usage_fault, word, "",
                fmt::format("'{}' is no setting: write key=value, such as port=5555", word)};
        const bool again = std::any_of(settings.begin(), settings.end(),
                                       [&](const auto &known) { return known.first == key; });
        if (again)
            return Error{usage_fault, word, "", fmt::format("{} is given twice", key)};
        settings.emplace_back(key, word.substr(equals + 1));
    }
    return settings;
}

} // namespace kinetd::ctl
