// SPDX-License-Identifier: GPL-2.0
#include "tests/support/fake_tree.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tree/file.hpp"

namespace kinetd::test {

namespace {

constexpr std::array service_counters{"connections_accepted",
                                      "connections_active",
                                      "connections_closed",
                                      "connections_refused",
                                      "connections_timed_out",
                                      "bytes_received",
                                      "bytes_sent",
                                      "datagrams_received",
                                      "datagrams_sent",
                                      "datagrams_dropped",
                                      "errors"};
constexpr std::array client_counters{"sent",       "received",   "mismatched", "lost",
                                     "errors",     "reconnects", "rtt_min_ns", "rtt_mean_ns",
                                     "rtt_p50_ns", "rtt_p99_ns", "rtt_max_ns"};

std::string make_folder() {
    std::string name = std::filesystem::temp_directory_path() / "kinetd-fake.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
        std::abort();
    return name;
}

std::string last_part(const std::string &path) {
    return path.substr(path.rfind('/') + 1);
}

} // namespace

FakeTree::FakeTree() : root_(make_folder()) {
    put_read_only("version", "1.0.0");
    put("new_pool", "");
    put("delete_pool", "");
    std::filesystem::create_directories(root_ + "/services");
    add_pool("default");
    add_protocol("tcp_echo", "tcp", 7);
    add_protocol("udp_notify", "udp", 2325);
    add_service("tcp_echo", "tcp_echo");
    add_service("udp_notify", "udp_notify");
}

FakeTree::~FakeTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

tree::Tree FakeTree::tree() {
    return {root_, writer()};
}

tree::Writer FakeTree::writer() {
    return [this](const std::string &path, std::string_view text) {
        return write(path.substr(root_.size() + 1), text);
    };
}

void FakeTree::refuse(const std::string &path, const std::string &value, int code) {
    refusals_[path + "=" + value] = code;
}

void FakeTree::put(const std::string &path, const std::string &value) const {
    const std::filesystem::path file = root_ + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << value << '\n';
    ::chmod(file.c_str(),
            last_part(path).rfind("new_", 0) == 0 || last_part(path).rfind("delete_", 0) == 0
                ? 0200
                : 0644);
}

void FakeTree::put_read_only(const std::string &path, const std::string &value) const {
    put(path, value);
    ::chmod((root_ + "/" + path).c_str(), 0444);
}

std::string FakeTree::get(const std::string &path) const {
    const auto text = tree::read_file(root_ + "/" + path);
    return text ? text->substr(0, text->find('\n')) : "";
}

bool FakeTree::has(const std::string &path) const {
    return tree::exists(root_ + "/" + path);
}

void FakeTree::erase(const std::string &path) const {
    std::filesystem::remove_all(root_ + "/" + path);
}

void FakeTree::add_protocol(const std::string &name, const std::string &transport, int port) {
    const auto folder = "protocols/" + name;
    put_read_only(folder + "/transport", transport);
    put_read_only(folder + "/default_port", std::to_string(port));
    put(folder + "/new_service", "");
    put(folder + "/delete_service", "");
}

void FakeTree::remove_protocol(const std::string &name) {
    for (const auto &service : tree::list_folder(root_ + "/services"))
        if (get("services/" + service + "/protocol") == name)
            erase("services/" + service);
    erase("protocols/" + name);
}

void FakeTree::add_service(const std::string &name, const std::string &protocol) {
    const auto folder = "services/" + name + "/";
    put_read_only(folder + "protocol", protocol);
    put_read_only(folder + "netns", "4026531840");
    put(folder + "address", "127.0.0.1");
    put(folder + "port", get("protocols/" + protocol + "/default_port"));
    put(folder + "enabled", name == protocol ? "1" : "0");
    put(folder + "exec", "[thread]");
    put(folder + "pool", "default");
    put(folder + "backlog", "4096");
    put(folder + "max_connections", "16384");
    put(folder + "max_per_source", "0");
    put(folder + "idle_timeout_ms", "0");
    put(folder + "send_timeout_ms", "120000");
    if (get("protocols/" + protocol + "/transport") == "udp") {
        put(folder + "min_source_port", "1024");
        put(folder + "rate_limit_pps", "0");
    }
    if (protocol == "udp_notify") {
        put(folder + "target_address", "127.0.0.1");
        put(folder + "target_port", "0");
        put(folder + "message", "notify");
    }
    for (const auto *counter : service_counters)
        put_read_only(folder + "stats/" + counter, "0");
}

void FakeTree::add_pool(const std::string &name) const {
    put("pools/" + name + "/threads", "2");
    put("pools/" + name + "/cpus", "0-1");
    put("pools/" + name + "/nice", "0");
    put("pools/" + name + "/busy_poll_us", "0");
}

void FakeTree::add_client(const std::string &name) const {
    const auto folder = "clients/" + name + "/";
    put_read_only(folder + "netns", "4026531840");
    put(folder + "transport", "tcp");
    put(folder + "address", "127.0.0.1");
    put(folder + "port", "7");
    put(folder + "payload_bytes", "64");
    put(folder + "interval_us", "1000000");
    put(folder + "count", "0");
    put(folder + "timeout_ms", "1000");
    put(folder + "running", "0");
    for (const auto *counter : client_counters)
        put_read_only(folder + "stats/" + counter, "0");
}

void FakeTree::add_clients() {
    put("clients/new_client", "");
    put("clients/delete_client", "");
}

void FakeTree::unload() {
    std::filesystem::remove_all(root_);
}

int FakeTree::write(const std::string &path, std::string_view text) {
    const std::string value(text.substr(0, text.find('\n')));
    log_.push_back(path + "=" + value);
    for (const auto &key : {path + "=" + value, path + "="})
        if (const auto found = refusals_.find(key); found != refusals_.end())
            return found->second;
    return obey(path, value);
}

int FakeTree::obey(const std::string &path, const std::string &value) {
    const auto key = last_part(path);
    if (!has(path))
        return ENOENT;
    if (value.empty())
        return EINVAL;
    if (key.rfind("new_", 0) != 0 && key.rfind("delete_", 0) != 0) {
        put(path, key == "exec" ? "[" + value + "]" : value);
        return 0;
    }
    const auto folder = key.substr(key.find('_') + 1) + "s/" + value;
    const bool is_new = key.rfind("new_", 0) == 0;
    if (has(folder) == is_new)
        return is_new ? EEXIST : ENOENT;
    if (!is_new)
        erase(folder);
    else if (key == "new_service")
        add_service(value, last_part(path.substr(0, path.rfind('/'))));
    else if (key == "new_pool")
        add_pool(value);
    else
        add_client(value);
    // Unlike the module's first service, one that is made later is down.
    if (is_new && key == "new_service")
        put(folder + "/enabled", "0");
    return 0;
}

} // namespace kinetd::test
