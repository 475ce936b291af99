// SPDX-License-Identifier: GPL-2.0
#include "tree/holder.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <vector>

#include "tree/file.hpp"

namespace kinetd::tree {

namespace {

/// An address of either family.
struct Ip {
    bool is_v6 = false;
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] bool is_any() const {
        return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
    }
    bool operator==(const Ip &) const = default;
};

std::optional<Ip> parse_ip(const std::string &text) {
    Ip ip;
    if (::inet_pton(AF_INET, text.c_str(), ip.bytes.data()) == 1)
        return ip;
    ip.is_v6 = true;
    if (::inet_pton(AF_INET6, text.c_str(), ip.bytes.data()) == 1)
        return ip;
    return std::nullopt;
}

/// `::` takes the IPv4 addresses, too.
bool overlap(const Ip &one, const Ip &other) {
    if (one.is_v6 != other.is_v6)
        return one.is_v6 ? one.is_any() : other.is_any();
    return one == other || one.is_any() || other.is_any();
}

/// A line of /proc/net/tcp and its like.
struct Socket {
    Ip ip;
    std::uint16_t port = 0;
    unsigned state = 0;
    std::string inode;
};

constexpr unsigned listening = 0x0A;
constexpr unsigned waiting_to_be_gone = 0x06;

/// "0100007F:0007": each four bytes stand in this machine's order.
bool parse_local(const std::string &text, Socket &socket) {
    const auto colon = text.find(':');
    if (colon != 8 && colon != 32)
        return false;
    socket.ip.is_v6 = colon == 32;
    for (std::size_t i = 0; i < colon; i += 8) {
        const auto word =
            static_cast<std::uint32_t>(std::strtoul(text.substr(i, 8).c_str(), nullptr, 16));
        std::memcpy(socket.ip.bytes.data() + i / 2, &word, sizeof(word));
    }
    socket.port =
        static_cast<std::uint16_t>(std::strtoul(text.substr(colon + 1).c_str(), nullptr, 16));
    return true;
}

std::vector<Socket> read_sockets(const std::string &path) {
    std::vector<Socket> sockets;
    const auto text = read_file(path);
    if (!text)
        return sockets;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string number, local, remote, state, skipped;
        Socket socket;
        fields >> number >> local >> remote >> state;
        for (int i = 0; i < 5; i++)
            fields >> skipped;
        fields >> socket.inode;
        socket.state = static_cast<unsigned>(std::strtoul(state.c_str(), nullptr, 16));
        if (parse_local(local, socket))
            sockets.push_back(std::move(socket));
    }
    return sockets;
}

bool is_number(const std::string &text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string link_of(const std::string &path) {
    std::error_code problem;
    const auto target = std::filesystem::read_symlink(path, problem);
    return problem ? "" : target.string();
}

/// A process's folder from which that namespace's sockets can be read; empty where no process that
/// we may look at is in it.
std::string proc_in_netns(const std::string &proc, const std::string &netns) {
    const auto wanted = fmt::format("net:[{}]", netns);
    if (netns.empty() || link_of(proc + "/self/ns/net") == wanted)
        return proc + "/self";
    for (const auto &pid : list_folder(proc))
        if (is_number(pid) && link_of(proc + "/" + pid + "/ns/net") == wanted)
            return proc + "/" + pid;
    return "";
}

/// The sockets in the way, listening ones first, those that are but closing left out.
std::vector<Socket> sockets_at(const Place &place, const Ip &ip, const std::string &folder) {
    std::vector<Socket> found;
    for (const auto *family : {"", "6"})
        for (auto &socket : read_sockets(folder + "/net/" + place.transport + family))
            if (socket.port == place.port && socket.state != waiting_to_be_gone &&
                overlap(socket.ip, ip))
                found.push_back(std::move(socket));
    std::stable_partition(found.begin(), found.end(),
                          [](const Socket &s) { return s.state == listening; });
    return found;
}

bool has_socket(const std::string &process, const std::string &inode) {
    const auto wanted = fmt::format("socket:[{}]", inode);
    const auto files = list_folder(process + "/fd");
    return std::any_of(files.begin(), files.end(), [&](const std::string &fd) {
        return link_of(process + "/fd/" + fd) == wanted;
    });
}

} // namespace

bool overlaps(const Place &one, const Place &other) {
    const auto first = parse_ip(one.address);
    const auto second = parse_ip(other.address);
    return one.transport == other.transport && one.port == other.port && first && second &&
           overlap(*first, *second);
}

const Object *service_at(const Snapshot &snapshot, const Place &place, const std::string &asking) {
    for (const auto &service : snapshot.services) {
        const Place its{
            snapshot.transport_of(service), service.get("address"),
            static_cast<std::uint16_t>(std::strtoul(service.get("port").c_str(), nullptr, 10))};
        const bool elsewhere = !place.netns.empty() && service.get("netns") != place.netns;
        if (service.name != asking && service.get("enabled") == "1" && !elsewhere &&
            overlaps(its, place))
            return &service;
    }
    return nullptr;
}

std::string program_at(const Place &place, const std::string &proc) {
    const auto ip = parse_ip(place.address);
    const auto folder = proc_in_netns(proc, place.netns);
    if (!ip || folder.empty())
        return "";
    const auto sockets = sockets_at(place, *ip, folder);
    for (const auto &socket : sockets)
        for (const auto &pid : list_folder(proc)) {
            if (!is_number(pid) || !has_socket(proc + "/" + pid, socket.inode))
                continue;
            const auto name = read_file(proc + "/" + pid + "/comm");
            return fmt::format("{}, pid {}", name ? name->substr(0, name->find('\n')) : "?", pid);
        }
    return "";
}

} // namespace kinetd::tree
