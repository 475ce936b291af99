// SPDX-License-Identifier: GPL-2.0
#include "support/netlink.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string_view>

#include "base/descriptor.hpp"

namespace kinetd::suite {

namespace {

/// A message that grows by what is appended; attributes may hold others.
class Request {
public:
    template <class Header>
    Request(std::uint16_t type, int flags, const Header &header) {
        nlmsghdr start{};
        start.nlmsg_type = type;
        start.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
        append(&start, sizeof start);
        append(&header, sizeof header);
    }

    template <class Value>
    void add(std::uint16_t type, const Value &value) {
        add_bytes(type, &value, sizeof value);
    }
    void add(std::uint16_t type, const std::string &text) {
        add_bytes(type, text.c_str(), text.size() + 1);
    }

    /// An attribute of what is appended until its close(), beginning with a header if there is one.
    std::size_t open(std::uint16_t type) {
        const auto at = bytes_.size();
        add_bytes(type, nullptr, 0);
        return at;
    }
    void append(const void *data, std::size_t size) {
        bytes_.append(static_cast<const char *>(data), size);
        bytes_.resize(NLMSG_ALIGN(bytes_.size()), '\0');
    }
    void close(std::size_t at) {
        const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
        std::memcpy(bytes_.data() + at + offsetof(rtattr, rta_len), &length, sizeof length);
    }

    /// Sends it and waits for what the kernel says.
    Status perform(const std::string &what) {
        const auto length = static_cast<std::uint32_t>(bytes_.size());
        std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
        const Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
        std::array<char, 4096> answer{};
        if (!socket || ::send(socket.get(), bytes_.data(), bytes_.size(), 0) < 0 ||
            ::recv(socket.get(), answer.data(), answer.size(), 0) < 0)
            return last_error(what);
        nlmsgerr result{};
        std::memcpy(&result, answer.data() + NLMSG_HDRLEN, sizeof result);
        if (result.error != 0)
            return Error{-result.error, what};
        return Done{};
    }

private:
    void add_bytes(std::uint16_t type, const void *data, std::size_t size) {
        rtattr head{};
        head.rta_type = type;
        head.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
        append(&head, sizeof head);
        if (size > 0)
            append(data, size);
    }

    std::string bytes_;
};

ifinfomsg link_of(const std::string &name) {
    ifinfomsg link{};
    link.ifi_index = static_cast<int>(::if_nametoindex(name.c_str()));
    return link;
}

Status change_address(std::uint16_t type, int flags, const std::string &device,
                      const std::string &address) {
    const auto slash = address.find('/');
    const auto literal = address.substr(0, slash);
    ifaddrmsg header{};
    header.ifa_index = ::if_nametoindex(device.c_str());
    header.ifa_prefixlen = static_cast<std::uint8_t>(std::stoi(address.substr(slash + 1)));
    in_addr v4{};
    in6_addr v6{};
    const bool is_v4 = ::inet_pton(AF_INET, literal.c_str(), &v4) == 1;
    if (!is_v4 && ::inet_pton(AF_INET6, literal.c_str(), &v6) != 1)
        return Error{EINVAL, address};
    header.ifa_family = is_v4 ? AF_INET : AF_INET6;
    header.ifa_flags = is_v4 ? 0 : IFA_F_NODAD;
    Request request(type, flags, header);
    if (is_v4) {
        request.add(IFA_LOCAL, v4);
        request.add(IFA_ADDRESS, v4);
        v4.s_addr |= htonl(0xffffffffU >> header.ifa_prefixlen);
        request.add(IFA_BROADCAST, v4);
    } else {
        request.add(IFA_LOCAL, v6);
        request.add(IFA_ADDRESS, v6);
    }
    return request.perform(device + " " + address);
}

} // namespace

Status add_link_pair(const std::string &name, const std::string &peer,
                     const std::string &peer_namespace, unsigned mtu) {
    const Descriptor place(::open(peer_namespace.c_str(), O_RDONLY | O_CLOEXEC));
    if (!place)
        return last_error(peer_namespace);
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
    request.add(IFLA_IFNAME, name);
    request.add(IFLA_MTU, mtu);
    const auto info = request.open(IFLA_LINKINFO);
    request.add(IFLA_INFO_KIND, std::string("veth"));
    const auto data = request.open(IFLA_INFO_DATA);
    const auto other = request.open(VETH_INFO_PEER);
    const ifinfomsg nothing{};
    request.append(&nothing, sizeof nothing);
    request.add(IFLA_IFNAME, peer);
    request.add(IFLA_MTU, mtu);
    request.add(IFLA_NET_NS_FD, place.get());
    request.close(other);
    request.close(data);
    request.close(info);
    return request.perform("link " + name);
}

Status delete_link(const std::string &name) {
    return Request(RTM_DELLINK, 0, link_of(name)).perform("delete " + name);
}

Status raise_link(const std::string &name, bool up) {
    auto link = link_of(name);
    link.ifi_change = IFF_UP;
    link.ifi_flags = up ? IFF_UP : 0;
    return Request(RTM_NEWLINK, 0, link).perform("raise " + name);
}

Status add_address(const std::string &device, const std::string &address) {
    return change_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, device, address);
}

Status delete_address(const std::string &device, const std::string &address) {
    return change_address(RTM_DELADDR, 0, device, address);
}

} // namespace kinetd::suite
