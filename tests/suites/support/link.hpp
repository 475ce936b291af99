// SPDX-License-Identifier: GPL-2.0
/// \file
/// A virtual Ethernet: one end here, the other in a namespace of its own.
#pragma once

#include <string>

#include "support/netns.hpp"
#include "support/result.hpp"

namespace kinetd::suite {

/// Runs one command of iproute2 or another tool, without its output; an error where it fails.
Status run_command(const std::string &command);

/// Whether the kernel has virtual Ethernets (loads what is needed).
bool has_links();
/// Whether it can delay, lose and spoil packets.
bool has_netem();

/// Both ends are up, with 10.77.0.1/24 and fd77::1/64 on this side, 10.77.0.2/24 and fd77::2/64 on
/// the other, at an MTU of 1500. Duplicate address detection is off, so that all are usable at
/// once.
class Link {
public:
    static Result<Link> create();
    Link(Link &&other) noexcept = default;
    Link &operator=(Link &&other) noexcept = default;
    ~Link();

    static constexpr const char *here = "kv0";
    static constexpr const char *there = "kv1";
    static constexpr const char *near_v4 = "10.77.0.1";
    static constexpr const char *far_v4 = "10.77.0.2";
    static constexpr const char *near_v6 = "fd77::1";
    static constexpr const char *far_v6 = "fd77::2";

    /// What is on the other side.
    [[nodiscard]] const NetworkNamespace &far() const { return far_; }

    /// More addresses, with their lengths: 10.77.0.9/24.
    Status add_here(const std::string &address) const;
    Status remove_here(const std::string &address) const;
    /// The whole of a link, one end of which is enough.
    Status set_up(bool up) const;
    /// What netem does to all that leaves by either side: "loss 5%".
    Status spoil(const std::string &how) const;

    /// The address that the kernel has made itself for an end.
    [[nodiscard]] std::string near_link_local() const;

private:
    explicit Link(NetworkNamespace far) : far_(std::move(far)) {}

    NetworkNamespace far_;
};

} // namespace kinetd::suite
