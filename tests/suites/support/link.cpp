// SPDX-License-Identifier: GPL-2.0
#include "support/link.hpp"

#include <cstdlib>
#include <sstream>

#include "support/clock.hpp"
#include "support/environment.hpp"
#include "support/file.hpp"

namespace kinetd::suite {

namespace {

const std::string ip = "ip ";

/// Brings one end up, in the namespace of the calling thread.
Status raise(const std::string &device, const std::string &v4, const std::string &v6) {
    const std::string settings = "/proc/sys/net/ipv6/conf/" + device + "/";
    if (has_ipv6()) {
        (void)write_file(settings + "accept_dad", "0");
        (void)write_file(settings + "dad_transmits", "0");
    }
    std::string commands = "address add " + v4 + "/24 broadcast + dev " + device + "\n";
    if (has_ipv6())
        commands += "address add " + v6 + "/64 nodad dev " + device + "\n";
    commands += "link set " + device + " up\n";
    return run_command("printf '" + commands + "' | " + ip + "-batch -");
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
    static const bool there =
        run_command("modprobe veth; ip link add kv8 type veth peer name kv9 && ip link del kv8")
            .ok();
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
    auto made = run_command(ip + "link add " + here + " mtu 1500 type veth peer name " + there +
                            " mtu 1500 netns " + far->path());
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
        (void)run_command(ip + "link del " + here);
}

Status Link::add_here(const std::string &address) const {
    const bool v6 = address.find(':') != std::string::npos;
    return run_command(ip + "address add " + address + (v6 ? " nodad" : "") + " dev " + here);
}

Status Link::remove_here(const std::string &address) const {
    return run_command(ip + "address del " + address + " dev " + here);
}

Status Link::set_up(bool up) const {
    return run_command(ip + "link set " + here + (up ? " up" : " down"));
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
