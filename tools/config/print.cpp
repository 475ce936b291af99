// SPDX-License-Identifier: GPL-2.0
/// \file
/// From values to TOML.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/document.hpp"
#include "config/key.hpp"

namespace kinetd::config {

namespace {

struct Character {
    std::size_t size = 0; ///< in bytes; 0: no UTF-8
    char32_t code = 0;
};

/// Of a byte that begins a character, how many it has; else 0.
std::size_t size_after(unsigned char first) {
    if (first < 0x80)
        return 1;
    return (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : (first & 0xf8) == 0xf0 ? 4 : 0;
}

/// The character that `text` begins with.
Character first_character(std::string_view text) {
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto size = size_after(byte(0));
    if (size == 0 || size > text.size())
        return {};
    char32_t code = size == 1 ? byte(0) : byte(0) & (0x7f >> size);
    for (std::size_t i = 1; i < size; i++) {
        if ((byte(i) & 0xc0) != 0x80)
            return {};
        code = code << 6 | (byte(i) & 0x3f);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least[size] || code > 0x10ffff || surrogate ? Character() : Character{size, code};
}

/// The string in quotes; nothing where it is no UTF-8.
std::optional<std::string> toml_string(std::string_view text) {
    std::string quoted = "\"";
    while (!text.empty()) {
        const auto [size, code] = first_character(text);
        if (size == 0)
            return std::nullopt;
        if (code < 0x20 || code == 0x7f)
            quoted += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
        else if (code == U'"' || code == U'\\')
            quoted += {'\\', text[0]};
        else
            quoted += text.substr(0, size);
        text.remove_prefix(size);
    }
    return quoted + '"';
}

class Printer {
public:
    void modules(const std::vector<std::string> &modules);
    void pool(const std::string &name, const Pool &pool);
    void service(const std::string &name, const Service &service);

    std::string text = "# See kinetctl-config(5).\n";
    std::optional<Problem> problem{};

private:
    void setting(const std::string &object, const Key &key, const std::string &value);
    void foreign(const std::string &object, const Settings &settings);
};

void Printer::modules(const std::vector<std::string> &modules) {
    if (modules.empty())
        return;
    text += fmt::format("\nmodules = [\"{}\"]\n", fmt::join(modules, "\", \""));
}

void Printer::setting(const std::string &object, const Key &key, const std::string &value) {
    if (key.kind == Kind::number) {
        text += fmt::format("{} = {}\n", key.name, value);
    } else if (key.kind == Kind::flag) {
        text += fmt::format("{} = {}\n", key.name, value == "1");
    } else if (const auto quoted = toml_string(value)) {
        text += fmt::format("{} = {}\n", key.name, *quoted);
    } else if (!problem) {
        problem = Problem{0, fmt::format("{}: {} = {} is no UTF-8, which is all that TOML holds; "
                                         "write another value to it",
                                         object, key.name, quote(value))};
    }
}

void Printer::pool(const std::string &name, const Pool &pool) {
    text += fmt::format("\n[pools.{}]\n", name);
    for (const auto &key : pool_keys()) {
        const auto value = pool.settings.find(std::string(key.name));
        if (value != pool.settings.end() && value->second != key.standard)
            setting("pools." + name, key, value->second);
    }
}

/// Files of a protocol that is not ours come back as strings, whatever they hold.
void Printer::foreign(const std::string &object, const Settings &settings) {
    for (const auto &[name, value] : settings) {
        const auto *known = find_key(service_keys(), name);
        if (known == nullptr || !known->protocol.empty())
            setting(object, Key{name, Kind::text}, value);
    }
}

void Printer::service(const std::string &name, const Service &service) {
    const auto object = "services." + name;
    const auto *protocol = find_protocol(service.protocol);
    text += fmt::format("\n[services.{}]\nprotocol = \"{}\"\n", name, service.protocol);
    for (const auto &key : service_keys()) {
        const auto value = service.settings.find(std::string(key.name));
        if (value == service.settings.end() || (protocol == nullptr && !key.protocol.empty()))
            continue;
        const bool always = key.name == "address" || key.name == "port";
        const bool own_default = protocol != nullptr || key.scope == Scope::all;
        const auto standard =
            protocol != nullptr ? standard_of(key, *protocol) : std::string(key.standard);
        if (always || !own_default || value->second != standard)
            setting(object, key, value->second);
    }
    if (protocol == nullptr)
        foreign(object, service.settings);
}

} // namespace

Checked<std::string> print(const Config &config) {
    Printer printer;
    printer.modules(config.modules);
    for (const auto &[name, pool] : config.pools)
        printer.pool(name, pool);
    for (const auto &[name, service] : config.services)
        printer.service(name, service);
    if (printer.problem)
        return *printer.problem;
    return std::move(printer.text);
}

} // namespace kinetd::config
