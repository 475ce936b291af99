// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/module.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "base/descriptor.hpp"
#include "kinetctl/process.hpp"
#include "tree/file.hpp"

namespace kinetd::ctl {

namespace {

using tree::Error;

constexpr std::string_view suffix = ".ko";

bool is_file_name(const std::string &name) {
    return name.find('/') != std::string::npos ||
           (name.size() > suffix.size() &&
            name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0);
}

/// The file below a folder; empty where there is none.
std::string find_below(const std::string &folder, const std::string &name) {
    std::error_code problem;
    auto entry = std::filesystem::recursive_directory_iterator(folder, problem);
    for (; !problem && entry != std::filesystem::recursive_directory_iterator();
         entry.increment(problem))
        if (entry->path().filename() == name + std::string(suffix))
            return entry->path().string();
    return "";
}

bool is_installed(const std::string &name) {
    const auto outcome = run_program({"modinfo", "-F", "filename", name});
    return outcome && outcome->status == 0;
}

/// What modinfo says of one field.
std::vector<std::string> field_of(const Module &module, const char *field) {
    std::vector<std::string> values;
    const auto outcome =
        run_program({"modinfo", "-F", field, module.file.empty() ? module.name : module.file});
    if (!outcome)
        return values;
    std::istringstream lines(outcome->output);
    for (std::string line; std::getline(lines, line);)
        values.push_back(line);
    return values;
}

/// As the kernel splits parameters: a value with spaces stands in quotes.
std::string parameter_line(const std::vector<tree::Setting> &parameters) {
    std::string line;
    for (const auto &[key, value] : parameters) {
        const bool quoted = value.find(' ') != std::string::npos;
        line += fmt::format("{}{}={}{}{}", line.empty() ? "" : " ", key, quoted ? "\"" : "", value,
                            quoted ? "\"" : "");
    }
    return line;
}

tree::Status insert_file(const Module &module, const std::string &parameters) {
    const Descriptor file(::open(module.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return Error{errno, module.file};
    if (::syscall(SYS_finit_module, file.get(), parameters.c_str(), 0) != 0)
        return Error{errno, module.name};
    return Done{};
}

tree::Status insert_installed(const Module &module, const std::vector<tree::Setting> &parameters) {
    std::vector<std::string> arguments{"modprobe", module.name};
    for (const auto &parameter : parameters)
        arguments.push_back(parameter_line({parameter}));
    const auto outcome = run_program(arguments);
    if (!outcome)
        return outcome.error();
    if (outcome->status == 0)
        return Done{};
    const int code = errno_of_words(outcome->errors);
    if (code != 0)
        return Error{code, module.name};
    const auto line = outcome->errors.substr(0, outcome->errors.find('\n'));
    return Error{EIO, module.name, "", fmt::format("modprobe {}: {}", module.name, line)};
}

} // namespace

std::vector<std::string> module_candidates(const std::string &name) {
    std::vector<std::string> candidates{name, "proto_" + name};
    if (name.rfind("tcp_", 0) == 0 || name.rfind("udp_", 0) == 0)
        candidates.push_back("proto_" + name.substr(4));
    candidates.push_back("proto_tcp_" + name);
    candidates.push_back("proto_udp_" + name);
    candidates.push_back("kinetd_" + name);
    return candidates;
}

tree::Result<Module> find_module(const std::string &name, const std::string &folder) {
    if (is_file_name(name)) {
        if (!tree::exists(name))
            return Error{ENOENT, name, "", fmt::format("there is no file {}", name)};
        return Module{std::filesystem::path(name).stem().string(), name};
    }
    for (const auto &candidate : module_candidates(name)) {
        const auto file = folder.empty() ? "" : find_below(folder, candidate);
        if (!file.empty() || (folder.empty() && is_installed(candidate)))
            return Module{candidate, file};
    }
    return Error{ENOENT, name, "",
                 folder.empty()
                     ? fmt::format("no module for {} is installed: make install, or --module-dir "
                                   "FOLDER where it was built",
                                   name)
                     : fmt::format("there is no module for {} below {}", name, folder)};
}

std::vector<std::string> parameters_of(const Module &module) {
    auto names = field_of(module, "parm");
    for (auto &name : names)
        name.erase(std::min(name.find(':'), name.size()));
    return names;
}

std::vector<std::string> needs_of(const Module &module) {
    std::vector<std::string> names;
    for (const auto &line : field_of(module, "depends")) {
        std::istringstream words(line);
        for (std::string word; std::getline(words, word, ',');)
            names.push_back(word);
    }
    return names;
}

bool is_loaded(const std::string &module) {
    return tree::exists("/sys/module/" + module + "/refcnt");
}

std::string loaded_module(const std::string &name) {
    const auto stem = is_file_name(name) ? std::filesystem::path(name).stem().string() : name;
    const auto candidates = module_candidates(stem);
    const auto found = std::find_if(candidates.begin(), candidates.end(), is_loaded);
    return found == candidates.end() ? "" : *found;
}

std::vector<std::string> users_of(const std::string &module) {
    return tree::list_folder("/sys/module/" + module + "/holders");
}

tree::Status load_module(const Module &module, const std::vector<tree::Setting> &parameters) {
    return module.file.empty() ? insert_installed(module, parameters)
                               : insert_file(module, parameter_line(parameters));
}

tree::Status unload_module(const std::string &name) {
    if (::syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) != 0)
        return Error{errno, name};
    return Done{};
}

int errno_of_words(const std::string &text) {
    constexpr std::array codes{EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL,         EEXIST,
                               ENOENT,     ENOMEM,        EPERM,        EACCES,         ENOEXEC,
                               ENODEV,     ENOKEY,        EKEYREJECTED, EPROTONOSUPPORT};
    const auto end = text.find_last_not_of('\n');
    const auto line = text.substr(0, end == std::string::npos ? 0 : end + 1);
    for (const int code : codes) {
        const std::string words = std::string(": ") + std::strerror(code);
        if (line.size() >= words.size() &&
            line.compare(line.size() - words.size(), words.size(), words) == 0)
            return code;
    }
    return 0;
}

} // namespace kinetd::ctl
