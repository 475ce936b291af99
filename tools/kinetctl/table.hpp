// SPDX-License-Identifier: GPL-2.0
/// \file
/// Text in aligned columns, and numbers and places as they stand in them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tree/object.hpp"

namespace kinetd::ctl {

/// Rows of cells under a head. Columns are as wide as they must be, two spaces apart.
class Table {
public:
    /// A head that begins with '>' makes its column flush right.
    explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}

    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::string> heads_;
    std::vector<std::vector<std::string>> rows_;
};

/// A number in five characters at most: 999, 12.3k, 4.56M.
std::string short_number(double number);

/// "127.0.0.1:7", "[::]:7".
std::string place_text(const std::string &address, const std::string &port);
std::string place_of(const tree::Object &object);

/// What a service did not serve: connections refused, datagrams dropped, errors.
std::uint64_t lost_by(const tree::Object &service);

} // namespace kinetd::ctl
