// SPDX-License-Identifier: GPL-2.0
/// \file
/// From TOML to values. toml++ knows the line of every node.
#include <fmt/format.h>

#include <algorithm>

#include "config/document.hpp"
#include "config/key.hpp"
#include "config/toml.hpp"
#include "tree/object.hpp"

namespace kinetd::config {

namespace {

int line_of(const toml::node &node) {
    return static_cast<int>(node.source().begin.line);
}

int line_of(const toml::key &key) {
    return static_cast<int>(key.source().begin.line);
}

std::string_view type_of(const toml::node &node) {
    switch (node.type()) {
    case toml::node_type::table:
        return "table";
    case toml::node_type::array:
        return "list";
    case toml::node_type::floating_point:
        return "number with a fraction";
    default:
        return "date or time";
    }
}

Value value_of(const toml::node &node) {
    if (const auto *flag = node.as_boolean())
        return flag->get();
    if (const auto *number = node.as_integer())
        return number->get();
    if (const auto *text = node.as_string())
        return text->get();
    return Other{type_of(node)};
}

std::vector<std::string_view> names_of(std::span<const Key> keys, bool service) {
    std::vector<std::string_view> names;
    if (service)
        names.emplace_back("protocol");
    for (const auto &key : keys)
        names.push_back(key.name);
    return names;
}

class Reader {
public:
    void read(const toml::table &root);
    Document document;
    std::vector<Problem> problems;

private:
    template <class... T>
    void blame(int line, fmt::format_string<T...> text, T &&...arguments) {
        problems.push_back({line, fmt::format(text, std::forward<T>(arguments)...)});
    }

    void read_modules(const toml::node &node);
    void read_module(const toml::node &node);
    template <class Work>
    void read_objects(std::string_view folder, const toml::node &node, Work work);
    void read_pool(const std::string &name, const toml::table &table);
    void read_service(const std::string &name, const toml::table &table);
    void read_setting(const std::string &object, const Key &key, const toml::node &node,
                      Settings &settings);
    void read_own(const std::string &object, const Protocol &protocol, const toml::table &table,
                  Settings &settings);
    void read_foreign(const std::string &object, const toml::table &table, Settings &settings);
    void read_extra(const std::string &object, const std::string &key, const toml::node &node,
                    Settings &settings);
    void miss_protocol(const std::string &object, const toml::table &table);
    bool read_protocol(const std::string &object, const toml::table &table, std::string &protocol);
};

void Reader::read(const toml::table &root) {
    static constexpr std::array<std::string_view, 3> known{"modules", "pools", "services"};
    if (const auto *modules = root.get("modules"))
        read_modules(*modules);
    for (const auto &[key, node] : root) {
        if (key == "pools")
            read_objects("pools", node,
                         [this](const auto &name, const auto &table) { read_pool(name, table); });
        else if (key == "services")
            read_objects("services", node, [this](const auto &name, const auto &table) {
                read_service(name, table);
            });
        else if (key != "modules")
            blame(line_of(key),
                  "{}: no such key{}; at the top there are modules, [pools.NAME] and "
                  "[services.NAME]",
                  quote(key.str()), did_you_mean(key.str(), known));
    }
}

void Reader::read_modules(const toml::node &node) {
    const auto *list = node.as_array();
    if (list == nullptr)
        return blame(line_of(node), "modules = {} is no list; write modules = [\"NAME\"]",
                     spell(value_of(node)));
    for (const auto &module : *list)
        read_module(module);
}

void Reader::read_module(const toml::node &node) {
    constexpr std::size_t longest = 55;
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const auto value = value_of(node);
    const auto *text = std::get_if<std::string>(&value);
    if (text == nullptr || text->empty() || text->size() > longest ||
        text->find_first_not_of(allowed) != std::string::npos || text->front() == '-')
        return blame(line_of(node),
                     "modules: {} is no module's name; name one as modprobe takes "
                     "it, such as \"proto_tcp_reverse\"",
                     spell(value));
    auto name = *text;
    std::replace(name.begin(), name.end(), '-', '_');
    auto &modules = document.config.modules;
    if (std::find(modules.begin(), modules.end(), name) != modules.end())
        return blame(line_of(node), "modules: {} is named twice; take one out", spell(value));
    if (is_own_module(name) && name != client_module)
        return blame(line_of(node),
                     "modules: {} is kinetd's own and loaded where a service needs "
                     "it; take it out",
                     spell(value));
    document.lines.add("modules." + name, line_of(node));
    modules.push_back(name);
}

template <class Work>
void Reader::read_objects(std::string_view folder, const toml::node &node, Work work) {
    const auto *all = node.as_table();
    if (all == nullptr)
        return blame(line_of(node), "{} = {} is no table; write [{}.NAME] and its keys below that",
                     folder, spell(value_of(node)), folder);
    for (const auto &[key, inner] : *all) {
        const std::string name(key.str());
        const auto *table = inner.as_table();
        if (!tree::is_valid_name(name)) {
            blame(line_of(key), "{}.{}: no name; it takes 1 to 31 of a-z, 0-9, _ and -", folder,
                  quote(name));
        } else if (table == nullptr) {
            blame(line_of(key), "{}.{} = {} is no table; write [{}.{}] and its keys below that",
                  folder, name, spell(value_of(inner)), folder, name);
        } else {
            document.lines.add(fmt::format("{}.{}", folder, name), line_of(key));
            work(name, *table);
        }
    }
}

void Reader::read_setting(const std::string &object, const Key &key, const toml::node &node,
                          Settings &settings) {
    auto value = canonical(key, value_of(node));
    document.lines.add(fmt::format("{}.{}", object, key.name), line_of(node));
    if (value)
        settings[std::string(key.name)] = std::move(*value);
    else
        problems.push_back({line_of(node), object + ": " + value.error().text});
}

void Reader::read_pool(const std::string &name, const toml::table &table) {
    auto &pool = document.config.pools[name];
    const auto names = names_of(pool_keys(), false);
    for (const auto &[key, node] : table) {
        if (const auto *known = find_key(pool_keys(), key.str()))
            read_setting("pools." + name, *known, node, pool.settings);
        else
            blame(line_of(key), "pools.{}: {}: no such key{}; a pool has {}", name,
                  quote(key.str()), did_you_mean(key.str(), names), fmt::join(names, ", "));
    }
    for (const auto &key : pool_keys())
        if (!key.standard.empty())
            pool.settings.try_emplace(std::string(key.name), key.standard);
}

void Reader::miss_protocol(const std::string &object, const toml::table &table) {
    static constexpr std::array<std::string_view, 1> wanted{"protocol"};
    for (const auto &[key, node] : table) {
        const auto meant = did_you_mean(key.str(), wanted);
        if (!meant.empty())
            return blame(line_of(key), "{}: {}: no such key{}", object, quote(key.str()), meant);
    }
    blame(document.lines.of(object),
          "{}: protocol is missing; add protocol = \"tcp_echo\" or "
          "another",
          object);
}

bool Reader::read_protocol(const std::string &object, const toml::table &table,
                           std::string &protocol) {
    std::vector<std::string_view> names;
    for (const auto &known : known_protocols())
        names.push_back(known.name);
    const auto *node = table.get("protocol");
    const int line = node != nullptr ? line_of(*node) : document.lines.of(object);
    const auto value = node != nullptr ? value_of(*node) : Value();
    const auto *text = std::get_if<std::string>(&value);
    document.lines.add(object + ".protocol", line);
    if (node == nullptr)
        miss_protocol(object, table);
    else if (text == nullptr || !tree::is_valid_name(*text))
        blame(line, "{}: protocol = {} is no name; it takes a protocol's, such as \"tcp_echo\"",
              object, spell(value));
    else if (find_protocol(*text) == nullptr && document.config.modules.empty())
        blame(line,
              "{}: protocol = {} is none of kinetd's{}; there are {}, and others need their "
              "module in modules = [\"NAME\"]",
              object, spell(value), did_you_mean(*text, names), fmt::join(names, ", "));
    else
        protocol = *text;
    return !protocol.empty();
}

void Reader::read_own(const std::string &object, const Protocol &protocol, const toml::table &table,
                      Settings &settings) {
    for (const auto &[key, node] : table) {
        const auto *known = find_key(service_keys(), key.str());
        if (key == "protocol")
            continue;
        if (known == nullptr)
            blame(line_of(key), "{}: {}: no such key{}; see kinetctl-config(5)", object,
                  quote(key.str()), did_you_mean(key.str(), names_of(service_keys(), true)));
        else if (!applies(*known, protocol))
            blame(line_of(key), "{}: {} means nothing to {}; take the line out", object,
                  known->name, protocol.name);
        else
            read_setting(object, *known, node, settings);
    }
    for (const auto &key : service_keys())
        if (applies(key, protocol))
            settings.try_emplace(std::string(key.name), standard_of(key, protocol));
}

void Reader::read_extra(const std::string &object, const std::string &key, const toml::node &node,
                        Settings &settings) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
    constexpr std::array<std::string_view, 2> facts{"netns", "stats"};
    const auto value = value_of(node);
    const auto *text = std::get_if<std::string>(&value);
    const Key any{key, Kind::text, 1, 4000};
    document.lines.add(object + "." + key, line_of(node));
    if (key.empty() || key.size() > 64 || key.find_first_not_of(allowed) != std::string::npos ||
        std::find(facts.begin(), facts.end(), key) != facts.end())
        return blame(line_of(node),
                     "{}: {}: no setting can have that name; name a file of the "
                     "protocol's services",
                     object, quote(key));
    if (std::holds_alternative<Other>(value))
        return blame(line_of(node),
                     "{}: {} = {} is a {}; it takes a string, a number, true or "
                     "false",
                     object, key, spell(value), std::get<Other>(value).type);
    if (text != nullptr)
        return read_setting(object, any, node, settings);
    const auto *flag = std::get_if<bool>(&value);
    settings[key] = flag != nullptr ? (*flag ? "1" : "0") : spell(value);
}

/// Which files a protocol of others has is known only once it is loaded.
void Reader::read_foreign(const std::string &object, const toml::table &table, Settings &settings) {
    for (const auto &[key, node] : table) {
        if (key == "protocol")
            continue;
        const auto *known = find_key(service_keys(), key.str());
        if (known != nullptr && known->protocol.empty())
            read_setting(object, *known, node, settings);
        else
            read_extra(object, std::string(key.str()), node, settings);
    }
    for (const auto &key : service_keys())
        if (key.scope == Scope::all && !key.standard.empty())
            settings.try_emplace(std::string(key.name), key.standard);
    if (settings.find("port") == settings.end() && table.get("port") == nullptr)
        blame(document.lines.of(object),
              "{}: port is missing, and the protocol is not kinetd's, "
              "whose ports are known; add port = 1 to 65535",
              object);
}

void Reader::read_service(const std::string &name, const toml::table &table) {
    const auto object = "services." + name;
    Service service;
    if (!read_protocol(object, table, service.protocol))
        return;
    if (const auto *own = find_protocol(service.protocol))
        read_own(object, *own, table, service.settings);
    else
        read_foreign(object, table, service.settings);
    document.config.services[name] = std::move(service);
}

Checked<Document> finish(Reader &reader) {
    auto &problems = reader.problems;
    if (problems.empty())
        check_together(reader.document, problems);
    if (problems.empty())
        return std::move(reader.document);
    return *std::min_element(problems.begin(), problems.end(),
                             [](const Problem &a, const Problem &b) { return a.line < b.line; });
}

} // namespace

Checked<Document> parse(const std::string &text) {
    const auto root = read_toml(text);
    if (!root)
        return root.error();
    Reader reader;
    reader.read(*root);
    return finish(reader);
}

} // namespace kinetd::config
