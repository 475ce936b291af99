// SPDX-License-Identifier: GPL-2.0
// Turns what profile_plugin wrote into tables.  Everything is in instructions for one message.
//   profile_report --data FILE --symbols FILE --messages N --labels A,B [--top N] [--prune PERCENT]
// The symbols are /proc/kallsyms of the guest and `nm` of the guest's programs, in that format.
#include "profile_layers.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Symbol {
    std::uint64_t address;
    std::string name;
};

class Symbols {
public:
    explicit Symbols(const std::string &path);
    [[nodiscard]] const std::string &at(std::uint64_t address) const;

private:
    std::vector<Symbol> sorted_;
    std::string unknown_ = "?";
};

Symbols::Symbols(const std::string &path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string address;
        std::string type;
        std::string name;
        std::string module;
        words >> address >> type >> name >> module;
        if (name.empty() ||
            (type != "t" && type != "T" && type != "w" && type != "W" && type != "i"))
            continue;
        if (!module.empty())
            name += " " + module;
        sorted_.push_back({std::strtoull(address.c_str(), nullptr, 16), name});
    }
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [](auto &a, auto &b) { return a.address < b.address; });
    if (sorted_.empty())
        throw std::runtime_error("no symbols in " + path);
}

const std::string &Symbols::at(std::uint64_t address) const {
    auto after = std::upper_bound(
        sorted_.begin(), sorted_.end(), address,
        [](std::uint64_t value, const Symbol &symbol) { return value < symbol.address; });
    if (after == sorted_.begin())
        return unknown_;
    --after;
    while (after != sorted_.begin() && std::prev(after)->address == after->address)
        --after; // of several names for one address always the same
    return after->name;
}

struct Node {
    std::size_t parent = 0;
    std::uint64_t address = 0;
    std::uint64_t instructions = 0;
};

struct Task {
    std::string name;
    std::map<std::string, std::uint64_t> functions;
    std::vector<Node> nodes;
    std::uint64_t total = 0;
};

struct Section {
    std::string label;
    std::vector<Task> tasks;
    std::uint64_t total = 0;
};

// A call path's functions by name: what differs only in a trampoline on the way is one.
struct Tree {
    std::uint64_t inclusive = 0;
    std::map<std::string, Tree> children;
};

struct Options {
    std::string data;
    std::string symbols;
    std::vector<std::string> labels;
    double messages = 1;
    std::size_t top = 40;
    double prune = 1.0;
};

// The addresses of user space are the lower half.
bool in_user_space(std::uint64_t address) {
    return address >> 63U == 0;
}

std::string where(const std::string &function) {
    const auto bracket = function.find('[');
    return bracket == std::string::npos
               ? ""
               : function.substr(bracket + 1, function.find(']') - bracket - 1);
}

void name(Task &task) {
    if (!task.name.empty())
        return;
    const bool module = std::any_of(task.functions.begin(), task.functions.end(), [](auto &entry) {
        return where(entry.first).starts_with("kinetd");
    });
    task.name = module ? "kinetd worker" : "other";
}

std::vector<Section> read(const Options &options, const Symbols &symbols) {
    std::vector<Section> sections;
    std::ifstream file(options.data);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string kind;
        words >> kind;
        if (kind == "section") {
            const std::size_t index = sections.size();
            sections.push_back(
                {index < options.labels.size() ? options.labels[index] : std::to_string(index),
                 {},
                 0});
        } else if (kind == "task") {
            sections.back().tasks.emplace_back();
        } else if (kind == "block") {
            std::size_t task = 0;
            std::uint64_t address = 0;
            std::uint64_t bytes = 0;
            std::uint64_t size = 0;
            std::uint64_t times = 0;
            words >> task >> std::hex >> address >> std::dec >> bytes >> size >> times;
            Section &section = sections.back();
            section.tasks[task].functions[symbols.at(address)] += size * times;
            if (in_user_space(address))
                section.tasks[task].name = where(symbols.at(address));
            section.tasks[task].total += size * times;
            section.total += size * times;
        } else if (kind == "path") {
            std::size_t task = 0;
            std::size_t node = 0;
            Node read;
            words >> task >> node >> read.parent >> std::hex >> read.address >> std::dec >>
                read.instructions;
            sections.back().tasks[task].nodes.push_back(read);
        }
    }
    for (auto &section : sections)
        for (auto &task : section.tasks)
            name(task);
    if (sections.empty())
        throw std::runtime_error("no measured phase was seen: " + options.data);
    return sections;
}

// By function, or by what else is made of its name: instructions a message in each section.
using Rows = std::map<std::string, std::vector<double>>;

template <class Name>
Rows rows_of(const Options &options, const std::vector<Section> &sections, Name name) {
    Rows rows;
    for (std::size_t i = 0; i < sections.size(); ++i)
        for (const auto &task : sections[i].tasks)
            for (const auto &[function, count] : task.functions) {
                auto &row = rows[name(function)];
                row.resize(sections.size());
                row[i] += static_cast<double>(count) / options.messages;
            }
    return rows;
}

void layers(const Options &options, const std::vector<Section> &sections) {
    std::printf("\n## Layers, instructions a message\n\n");
    for (const auto &section : sections)
        std::printf("%14s", section.label.c_str());
    std::printf("  layer\n");
    for (const auto &[layer, row] : rows_of(options, sections, bench::layer_of)) {
        for (const double value : row)
            std::printf("%14.1f", value);
        std::printf("  %s\n", layer.c_str());
    }
}

void flat(const Options &options, const std::vector<Section> &sections) {
    const auto rows =
        rows_of(options, sections, [](const std::string &function) { return function; });
    const std::size_t last = sections.size() - 1;
    std::vector<std::pair<std::string, std::vector<double>>> sorted(rows.begin(), rows.end());
    std::sort(sorted.begin(), sorted.end(),
              [last](auto &a, auto &b) { return a.second[last] > b.second[last]; });
    std::printf("\n## Functions by their own instructions a message, as in %s: the first %zu\n\n",
                sections[last].label.c_str(), options.top);
    for (const auto &section : sections)
        std::printf("%12s", section.label.c_str());
    std::printf("%9s  function\n", "share");
    for (std::size_t i = 0; i < sorted.size() && i < options.top; ++i) {
        for (const double value : sorted[i].second)
            std::printf("%12.1f", value);
        const double share = 100 * sorted[i].second[last] * options.messages /
                             static_cast<double>(sections[last].total);
        std::printf("%8.2f%%  %s\n", share, sorted[i].first.c_str());
    }
    if (sections.size() != 2)
        return;
    std::sort(sorted.begin(), sorted.end(), [](auto &a, auto &b) {
        return std::abs(a.second[1] - a.second[0]) > std::abs(b.second[1] - b.second[0]);
    });
    std::printf("\n## Where the two differ most\n\n%12s%12s%12s  function\n",
                sections[0].label.c_str(), sections[1].label.c_str(), "difference");
    for (std::size_t i = 0; i < sorted.size() && i < options.top; ++i)
        std::printf("%12.1f%12.1f%+12.1f  %s\n", sorted[i].second[0], sorted[i].second[1],
                    sorted[i].second[1] - sorted[i].second[0], sorted[i].first.c_str());
}

bool trampoline(const std::string &function) {
    return function.starts_with("__x86_indirect_thunk");
}

Tree tree(const Task &task, const Symbols &symbols) {
    Tree root;
    for (std::size_t i = 0; i < task.nodes.size(); ++i) {
        std::vector<std::string> path;
        for (std::size_t node = i; node != 0; node = task.nodes[node].parent)
            if (const auto &function = symbols.at(task.nodes[node].address); !trampoline(function))
                path.push_back(function);
        Tree *at = &root;
        at->inclusive += task.nodes[i].instructions;
        for (auto function = path.rbegin(); function != path.rend(); ++function) {
            at = &at->children[*function];
            at->inclusive += task.nodes[i].instructions;
        }
    }
    return root;
}

void print(const Tree &tree, const std::string &function, double messages, double least,
           int depth) {
    const double inclusive = static_cast<double>(tree.inclusive) / messages;
    std::uint64_t below = 0;
    for (const auto &child : tree.children)
        below += child.second.inclusive;
    const double own = static_cast<double>(tree.inclusive - below) / messages;
    std::printf("%10.1f%10.1f  %*s%s\n", inclusive, own, depth * 2, "", function.c_str());
    std::vector<std::pair<std::uint64_t, std::string>> order;
    for (const auto &[name, child] : tree.children)
        if (static_cast<double>(child.inclusive) / messages >= least)
            order.emplace_back(child.inclusive, name);
    std::sort(order.rbegin(), order.rend());
    for (const auto &child : order)
        print(tree.children.at(child.second), child.second, messages, least, depth + 1);
}

void report(const Options &options) {
    const Symbols symbols(options.symbols);
    const auto sections = read(options, symbols);
    std::printf("## Instructions a message, by the task in whose context they ran\n\n");
    for (const auto &section : sections) {
        std::printf("%s: %.1f\n", section.label.c_str(),
                    static_cast<double>(section.total) / options.messages);
        for (const auto &task : section.tasks)
            std::printf("%12.1f  %s\n", static_cast<double>(task.total) / options.messages,
                        task.name.c_str());
    }
    layers(options, sections);
    flat(options, sections);
    for (const auto &section : sections) {
        const double least =
            options.prune / 100 * static_cast<double>(section.total) / options.messages;
        for (const auto &task : section.tasks) {
            if (static_cast<double>(task.total) / options.messages < least)
                continue;
            std::printf(
                "\n## Call paths of %s, %s (instructions a message: with all below, own)\n\n",
                section.label.c_str(), task.name.c_str());
            print(tree(task, symbols), task.name, options.messages, least, 0);
        }
    }
}

Options parse(int argc, char **argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const std::string value = argv[i + 1];
        if (name == "--data") {
            options.data = value;
        } else if (name == "--symbols") {
            options.symbols = value;
        } else if (name == "--messages") {
            options.messages = std::stod(value);
        } else if (name == "--top") {
            options.top = std::stoul(value);
        } else if (name == "--prune") {
            options.prune = std::stod(value);
        } else if (name == "--labels") {
            std::istringstream list(value);
            for (std::string label; std::getline(list, label, ',');)
                options.labels.push_back(label);
        } else {
            throw std::invalid_argument("not an option: " + name);
        }
    }
    if (options.data.empty() || options.symbols.empty())
        throw std::invalid_argument(
            "usage: profile_report --data FILE --symbols FILE --messages N --labels A,B"
            " [--top N] [--prune PERCENT]");
    return options;
}

} // namespace

int main(int argc, char **argv) try {
    report(parse(argc, argv));
} catch (const std::exception &error) {
    std::fprintf(stderr, "profile_report: %s\n", error.what());
    return 1;
}
