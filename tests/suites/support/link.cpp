// SPDX-License-Identifier: GPL-2.0
#include "support/link.hpp"

#include <cstdlib>
#include <sstream>

#include "support/clock.hpp"
#include "support/environment.hpp"
#include "support/file.hpp"
#include "support/netlink.hpp"

namespace kinetd::suite {

namespace {

constexpr unsigned ethernet_mtu = 1500;

/// Brings one end up, in the namespace of the calling thread.
Status raise(const std::string &device, const std::string &v4, const std::string &v6) {
    if (has_ipv6())
        (void)write_file("/proc/sys/net/ipv6/conf/" + device + "/accept_dad", "0");
    auto status = add_address(device, v4 + "/24");
    if (status && has_ipv6())
        status = add_address(device, v6 + "/64");
    return status ? raise_link(device, true) : status;
}

} // namespace

Status run_command(const std::string &command) {
    const int status =
        std::system(("{ " + command + "; } >/dev/null 2>&1").c_str()); // NOLINT(cert-env33-c)
    if (status != 0)
        return Error{ECHILD, command};
    return Done{};
}

bool has_links() {
    static const bool there = [] {
        (void)run_command("modprobe veth");
        return add_link_pair("kv8", "kv9", "/proc/thread-self/ns/net", ethernet_mtu).ok() &&
               delete_link("kv8").ok();
    }();
    return there;
}

bool has_netem() {
    static const bool there =
        run_command(
            "modprobe sch_netem; tc qdisc add dev lo root netem && tc qdisc del dev lo root")
            .ok();
    return there;
}

Result<Link> Link::create() {
    auto far = NetworkNamespace::create();
    if (!far)
        return far.error();
    auto made = add_link_pair(here, there, far->path(), ethernet_mtu);
    if (!made)
        return made.error();
    Link link(std::move(far).value());
    made = raise(here, near_v4, near_v6);
    if (!made)
        return made.error();
    const auto error = link.far_.run([] { return raise(there, far_v4, far_v6).code(); });
    if (error != 0)
        return Error{error, "the far side of a link"};
    return link;
}

Link::~Link() {
    if (far_)
        (void)delete_link(here);
}

Status Link::add_here(const std::string &address) const {
    return add_address(here, address);
}

Status Link::remove_here(const std::string &address) const {
    return delete_address(here, address);
}

Status Link::set_up(bool up) const {
    return raise_link(here, up);
}

Status Link::spoil(const std::string &how) const {
    const auto command = [&how](const char *device) {
        return std::string("tc qdisc replace dev ") + device + " root netem " + how;
    };
    auto near = run_command(command(here));
    if (!near)
        return near;
    return far_.run([&] { return run_command(command(there)).code(); }) == 0
               ? Status(Done{})
               : Status(Error{ECHILD, command(there)});
}

std::string Link::near_link_local() const {
    // address, index, length, scope, flags, device
    std::istringstream addresses(read_file("/proc/net/if_inet6").value());
    for (std::string hex, index, length, scope, flags, device;
         addresses >> hex >> index >> length >> scope >> flags >> device;)
        if (device == here && scope == "20") {
            std::string text;
            for (std::size_t i = 0; i < hex.size(); i += 4)
                text += (i == 0 ? "" : ":") + hex.substr(i, 4);
            return text;
        }
    return "";
}

} // namespace kinetd::suite
