// SPDX-License-Identifier: GPL-2.0
/// \file
/// The tree as JSON. A setting has the type that it always has: numbers, booleans for enabled and
/// running, else text.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "tree/object.hpp"

namespace kinetd::ctl {

using Json = nlohmann::ordered_json;

Json to_json(const tree::Object &object);
Json to_json(const tree::Snapshot &snapshot);

/// What is printed: indented, whatever bytes the kernel gave.
std::string print(const Json &json, int indent = 2);

} // namespace kinetd::ctl
