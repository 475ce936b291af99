// SPDX-License-Identifier: GPL-2.0
/// \file
/// Who has a port: a program, found by its sockets in procfs, or another service of kinetd.
#pragma once

#include <cstdint>
#include <string>

#include "tree/object.hpp"

namespace kinetd::tree {

/// A place to listen at.
struct Place {
    std::string transport; ///< tcp or udp
    std::string address;
    std::uint16_t port = 0;
    std::string netns{}; ///< inode number; empty for the caller's own
};

/// Whether sockets bound to both would be in each other's way.
bool overlaps(const Place &one, const Place &other);

/// The enabled service at a place, `asking` left out; nullptr where there is none.
const Object *service_at(const Snapshot &snapshot, const Place &place, const std::string &asking);

/// The program that has a socket there, "inetd, pid 812". Empty where there is none or nobody may
/// know. Other users' programs are seen by root only. `proc` is where procfs is.
std::string program_at(const Place &place, const std::string &proc = "/proc");

/// Whoever is there, in words: a service other than `asking`, else a program; empty where unknown.
std::string holder_of(const Snapshot &snapshot, const Place &place, const std::string &asking);

} // namespace kinetd::tree
