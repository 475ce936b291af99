// SPDX-License-Identifier: GPL-2.0
/// \file
/// What top shows: a pure function of two samples and of how one looks at them.
#pragma once

#include <string>
#include <vector>

#include "kinetctl/sample.hpp"

namespace kinetd::ctl {

enum class Style { plain, title, head, dim, bad, bar };

struct Span {
    std::string text;
    Style style = Style::plain;
};

using Line = std::vector<Span>;
using Frame = std::vector<Line>;

enum class Sort { name, active, arrivals, received, sent, lost };

/// How one looks: the terminal's size and what keys have changed.
struct View {
    std::size_t width = 80;
    std::size_t height = 24;
    Sort sort = Sort::received;
    bool reverse = false;
    bool paused = false;
    double interval = 1;
};

/// Does what a key stands for; false where that is to quit.
bool press(View &view, int key);

/// No line is wider, and there are no more lines, than the view has.
Frame frame_of(const Sample &before, const Sample &after, const View &view);

/// The frame without its styles, a newline after each line.
std::string text_of(const Frame &frame);

/// Names that --sort takes, in the order of Sort.
const std::vector<std::string> &sort_names();

} // namespace kinetd::ctl
