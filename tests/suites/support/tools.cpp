// SPDX-License-Identifier: GPL-2.0
#include "support/tools.hpp"

#include <cstdlib>
#include <stdexcept>

#include "support/clock.hpp"

namespace kinetd::suite {

namespace {

constexpr const char *server = "tmux -u -L kinetd-suites -f /dev/null ";

} // namespace

std::string tool_path(const std::string &name) {
    const char *modules = std::getenv("KINETD_MODULES");
    return (modules != nullptr ? std::string(modules) : std::string(".")) + "/../tools/" + name;
}

std::string public_tool(const std::string &name) {
    auto copy = "/tmp/" + name;
    const auto copied = execute("install -m 755 " + tool_path(name) + " " + copy);
    if (copied.status != 0)
        throw std::runtime_error(copied.errors);
    return copy;
}

testing::AssertionResult says(const std::string &text, const std::string &part) {
    if (text.find(part) != std::string::npos)
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << "no '" << part << "' in:\n" << text;
}

Terminal::Terminal(const std::string &command) {
    const auto started = execute(std::string("TERM=xterm-256color SHELL=/bin/sh ") + server +
                                 "new-session -d -x 80 -y 24 \"exec " + command + "\"; " + server +
                                 "set-option -g status off");
    if (started.status != 0)
        throw std::runtime_error("tmux: " + started.errors);
}

Terminal::~Terminal() {
    (void)tmux("kill-server");
}

Outcome Terminal::tmux(const std::string &arguments) const {
    return execute(server + arguments);
}

std::string Terminal::screen() const {
    return tmux("capture-pane -p").output;
}

std::string Terminal::wait_until(const std::string &text) const {
    std::string last;
    (void)wait_for(
        [&] {
            last = screen();
            return last.find(text) != std::string::npos;
        },
        patience(seconds(10)));
    return last;
}

void Terminal::type(const std::string &keys) const {
    (void)tmux("send-keys " + keys);
}

void Terminal::resize(int width, int height) const {
    (void)tmux("resize-window -x " + std::to_string(width) + " -y " + std::to_string(height));
}

bool Terminal::ended() const {
    return wait_for([this] { return tmux("has-session").status != 0; }, patience(seconds(10)));
}

} // namespace kinetd::suite
