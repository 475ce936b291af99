// SPDX-License-Identifier: GPL-2.0
#include "config/config.hpp"

#include <charconv>

namespace kinetd::config {

std::string get(const Settings &settings, const std::string &key) {
    const auto found = settings.find(key);
    return found == settings.end() ? "" : found->second;
}

std::optional<Endpoint> endpoint_of(const Settings &settings, bool udp) {
    const auto address = Address::parse(get(settings, "address"));
    const auto text = get(settings, "port");
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (!address || problem != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return Endpoint{udp, *address, port};
}

int Lines::of(std::string what) const {
    for (;;) {
        const auto found = lines_.find(what);
        if (found != lines_.end())
            return found->second;
        const auto dot = what.rfind('.');
        if (dot == std::string::npos)
            return 0;
        what.erase(dot);
    }
}

} // namespace kinetd::config
