// SPDX-License-Identifier: GPL-2.0
#include "support/hammer.hpp"

#include "support/file.hpp"

namespace kinetd::suite {

Hammer::Hammer(const std::vector<Blow> &blows) {
    for (const auto &blow : blows)
        threads_.emplace_back([this, blow] {
            for (int i = 0; !done_; i++)
                note(blow(i));
        });
}

void Hammer::stop() {
    done_ = true;
    for (auto &thread : threads_)
        if (thread.joinable())
            thread.join();
}

std::string Hammer::surprises(const std::set<int> &in_order) {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const auto &[code, what] : met_)
        if (in_order.count(code) == 0)
            text += what + "; ";
    return text;
}

void Hammer::note(const Status &status) {
    blows_++;
    if (status) {
        hits_++;
        return;
    }
    const std::lock_guard lock(mutex_);
    met_.emplace(status.code(), status.text());
}

Hammer::Blow reading(const std::string &path) {
    return [path](int) -> Status {
        const auto text = read_file(path);
        if (!text)
            return text.error();
        return Done{};
    };
}

} // namespace kinetd::suite
