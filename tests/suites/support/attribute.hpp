// SPDX-License-Identifier: GPL-2.0
/// \file
/// Writing to files of sysfs what they take, and what they must not.
#pragma once

#include <string>
#include <string_view>

#include "support/service.hpp"

namespace kinetd::suite {

/// Writing gives this value in force.
void expect_taken(const Folder &folder, const std::string &attribute, const std::string &value,
                  const std::string &in_force);
void expect_taken(const Folder &folder, const std::string &attribute, const std::string &value);

/// Writing these very bytes gives EINVAL and changes nothing.
void expect_refused(const Folder &folder, const std::string &attribute, std::string_view bytes);

/// What no number's file may take.
void expect_numbers_only(const Folder &folder, const std::string &attribute);

void expect_empty_is_nothing(const Folder &folder, const std::string &attribute);

/// The bytes in a form that a terminal bears.
std::string printable(std::string_view bytes);

} // namespace kinetd::suite
