// SPDX-License-Identifier: GPL-2.0
/// \file
/// A queue that keeps its memory: nothing is allocated for an element once it has been as long.
#pragma once

#include <cstddef>
#include <vector>

namespace kinetd::load {

template <class T>
class Ring {
public:
    [[nodiscard]] bool empty() const { return first_ == last_; }
    [[nodiscard]] std::size_t size() const { return last_ - first_; }
    T &front() { return slots_[first_ & (slots_.size() - 1)]; }
    T &operator[](std::size_t i) { return slots_[(first_ + i) & (slots_.size() - 1)]; }

    void push(const T &value) {
        if (size() == slots_.size())
            grow();
        slots_[last_++ & (slots_.size() - 1)] = value;
    }
    void pop() { ++first_; }
    void clear() { first_ = last_; }

private:
    void grow() {
        std::vector<T> more(slots_.size() * 2);
        const std::size_t count = size();
        for (std::size_t i = 0; i < count; ++i)
            more[i] = (*this)[i];
        slots_ = std::move(more);
        first_ = 0;
        last_ = count;
    }

    std::vector<T> slots_ = std::vector<T>(4); ///< always a power of two
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

} // namespace kinetd::load
