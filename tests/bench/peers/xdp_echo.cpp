// SPDX-License-Identifier: GPL-2.0
// The floor for UDP: an XDP program at an interface that sends each datagram for a port back
// (XDP_TX), and lets all else pass.  IPv4 without options, in one piece.  The checksum goes back as
// 0, which says that there is none: what came over a veth pair was never filled in.
//
// It runs until it is killed, and takes the program with it.
//
//   --interface NAME       a veth's end
//   --mode native          in the driver
//   --mode generic         on what the stack has made of the frame
//   --mode pass            no echo: what the other end of a native one needs, since veth delivers
//                          what was sent back only to an end that has a program, too
#include "bpf.hpp"

#include <linux/if_link.h>
#include <net/if.h>

namespace {

using bench::Descriptor;

enum class Mode { native, generic, pass };

struct Options {
    std::string interface;
    std::uint16_t port = 7007;
    Mode mode = Mode::native;
};

// Where things are in a frame.
constexpr int mac_to = 0, mac_from = 6, type = 12;
constexpr int header = 14, fragment = 20, protocol = 23, address_from = 26, address_to = 30;
constexpr int port_from = 34, port_to = 36, checksum = 40, payload = 42;

constexpr int frame = 2, end = 3, scratch = 4, other = 5; // registers

void require(bench::bpf::Program &program, int size, int offset, std::int32_t value) {
    program.load(size, scratch, frame, static_cast<std::size_t>(offset));
    program.require_equal(scratch, value);
}

void swap(bench::bpf::Program &program, int size, int one, int two) {
    program.load(size, scratch, frame, static_cast<std::size_t>(one));
    program.load(size, other, frame, static_cast<std::size_t>(two));
    program.store(size, frame, one, other);
    program.store(size, frame, two, scratch);
}

bench::bpf::Program passer() {
    bench::bpf::Program program;
    program.set(0, XDP_PASS);
    program.leave();
    return program;
}

bench::bpf::Program reflector(std::uint16_t port) {
    bench::bpf::Program program;
    program.load(BPF_W, frame, 1, offsetof(xdp_md, data));
    program.load(BPF_W, end, 1, offsetof(xdp_md, data_end));
    program.move(scratch, frame);
    program.plus(scratch, payload);
    program.require_not_above(scratch, end);
    require(program, BPF_H, type, htons(0x0800));
    require(program, BPF_B, header, 0x45);
    require(program, BPF_B, protocol, IPPROTO_UDP);
    require(program, BPF_H, port_to, htons(port));
    program.load(BPF_H, scratch, frame, fragment);
    program.mask(scratch, htons(0x3fff));
    program.require_equal(scratch, 0);
    swap(program, BPF_W, mac_to, mac_from);
    swap(program, BPF_H, mac_to + 4, mac_from + 4);
    swap(program, BPF_W, address_from, address_to);
    swap(program, BPF_H, port_from, port_to);
    program.set(scratch, 0);
    program.store(BPF_H, frame, checksum, scratch);
    program.set(0, XDP_TX);
    program.leave();
    program.otherwise();
    program.set(0, XDP_PASS);
    program.leave();
    return program;
}

// A datagram of more than a page is in several pieces.
Descriptor attach(const Descriptor &program, const Options &options) {
    const unsigned index = ::if_nametoindex(options.interface.c_str());
    if (index == 0)
        bench::fail(options.interface.c_str());
    bpf_attr attribute{};
    attribute.link_create.prog_fd = static_cast<std::uint32_t>(program.get());
    attribute.link_create.target_ifindex = index;
    attribute.link_create.attach_type = BPF_XDP;
    attribute.link_create.flags =
        options.mode == Mode::generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
    return Descriptor(bench::bpf::call(BPF_LINK_CREATE, attribute, "BPF_LINK_CREATE"));
}

Mode mode(const std::string &name) {
    if (name == "native")
        return Mode::native;
    if (name == "generic")
        return Mode::generic;
    if (name == "pass")
        return Mode::pass;
    throw std::invalid_argument("a mode is native, generic or pass");
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (name == "--interface")
            options.interface = arguments.text();
        else if (name == "--port")
            options.port = arguments.number<std::uint16_t>();
        else if (name == "--mode")
            options.mode = mode(arguments.text());
        else
            throw bench::Help(
                name, "usage: xdp_echo --interface NAME [--port P] [--mode native|generic|pass]");
    }
    if (options.interface.empty())
        throw std::invalid_argument("at which --interface?");
    return options;
}

void run(const Options &options) {
    const auto source = options.mode == Mode::pass ? passer() : reflector(options.port);
    const auto program = source.load_as(BPF_PROG_TYPE_XDP, BPF_XDP, BPF_F_XDP_HAS_FRAGS);
    const auto link = attach(program, options);
    bench::say_ready();
    for (;;)
        ::pause();
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_program("xdp_echo", [&] { run(parse(bench::Arguments(argc, argv))); });
}
