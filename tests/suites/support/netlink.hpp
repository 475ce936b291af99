// SPDX-License-Identifier: GPL-2.0
/// \file
/// What "ip link" and "ip address" do, without a process for each.
#pragma once

#include <string>

#include "support/result.hpp"

namespace kinetd::suite {

/// A pair of virtual Ethernets, the second in the namespace that the path names. In the namespace
/// of the calling thread, as all of these.
Status add_link_pair(const std::string &name, const std::string &peer,
                     const std::string &peer_namespace, unsigned mtu);
Status delete_link(const std::string &name);
Status raise_link(const std::string &name, bool up);

/// An address with its length: 10.77.0.9/24. IPv6 ones are not looked for in the network before
/// they are used.
Status add_address(const std::string &device, const std::string &address);
Status delete_address(const std::string &device, const std::string &address);

} // namespace kinetd::suite
