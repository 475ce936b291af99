// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/change.hpp"

#include <fmt/format.h>

#include "tree/explain.hpp"

namespace kinetd::ctl {

namespace {

/// "port 7 -> 5555"; also what the kernel made of it, where that is something else.
std::string change_text(const tree::Object &before, const tree::Object &after,
                        const tree::Setting &wanted) {
    const auto &[key, value] = wanted;
    const auto in_force = after.get(key);
    auto text = fmt::format("{} {} -> {}", key, before.get(key), in_force);
    if (in_force != value)
        text += fmt::format(" (asked for {})", value);
    return text;
}

} // namespace

int fail_and_undo(Session &session, const tree::Tree &tree, tree::Transaction &transaction,
                  const tree::Error &error) {
    // Before anything is undone: the words depend on what is in force.
    auto said = error.message.empty() ? explain(tree, error) : error;
    const auto left = transaction.rollback();
    if (left.empty())
        said.message += "; nothing has changed";
    const int status = session.fail(said);
    for (const auto &failure : left)
        session.err << fmt::format("kinetctl: could not be undone: {}\n",
                                   explain(tree, failure).text());
    return status;
}

int change(Session &session, const tree::Tree &tree, const Target &target,
           const std::vector<tree::Setting> &settings) {
    const auto before = tree.read_object(target.kind, target.name);
    if (!before)
        return session.fail(before.error());
    tree::Transaction transaction(tree);
    const auto status = transaction.set(target.kind, target.name, settings);
    if (!status)
        return fail_and_undo(session, tree, transaction, status.error());
    transaction.commit();
    const auto after = tree.read_object(target.kind, target.name);
    if (!after)
        return session.fail(after.error());
    for (const auto &setting : settings)
        session.out << fmt::format("{}: {}\n", target.name, change_text(*before, *after, setting));
    return exit_done;
}

} // namespace kinetd::ctl
