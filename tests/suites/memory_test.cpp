// SPDX-License-Identifier: GPL-2.0
/// \file
/// What a connection costs, and that ten thousand of them are no trouble.
#include <cstdio>

#include "support/fixture.hpp"
#include "support/health.hpp"

namespace kinetd::suite {
namespace {

class Memory : public EchoTest {
protected:
    /// Bytes of kinetd's own, in all of its caches.
    static std::uint64_t bytes_in_use() {
        std::uint64_t sum = 0;
        for (const auto &[cache, count] : slab_objects())
            sum += count * slab_object_size(cache).value();
        return sum;
    }

    void hold(std::size_t count) {
        const Stopwatch watch;
        for (std::size_t i = 0; i < count; i++) {
            const auto source = "127.0.8." + std::to_string(1 + i / 500);
            sockets_.push_back(client({.source = Endpoint(source, 0)}));
        }
        ASSERT_TRUE(service_.reaches("connections_active", count, patience(seconds(30))));
        std::printf("  %zu connections made in %ld ms\n", count,
                    static_cast<long>(watch.elapsed().count()));
    }

    void expect_cheap(std::size_t count) {
        const auto each = (bytes_in_use() + count - 1) / count;
        std::printf("  %lu bytes a connection\n", static_cast<unsigned long>(each));
        EXPECT_LE(each, 1024U);
        EXPECT_GT(each, 0U);
    }

    std::vector<Descriptor> sockets_;
};

TEST_F(Memory, ofAConnection) {
    if (is_debug_kernel())
        GTEST_SKIP() << "a debug kernel pads objects";
    const auto size = slab_object_size("kinetd_conn");
    ASSERT_TRUE(size.ok()) << size.text();
    EXPECT_LE(*size, 1024U);
    hold(1000);
    expect_cheap(1000);
}

TEST_F(Memory, comesBack) {
    hold(sized<std::size_t>(500, 150, 500));
    EXPECT_GT(bytes_in_use(), 0U);
    sockets_.clear();
    ASSERT_TRUE(service_.reaches("connections_active", 0));
    EXPECT_TRUE(wait_for([] { return bytes_in_use() == 0; }, patience(seconds(5))));
}

TEST_F(Memory, ofTenThousandIdleConnections) {
    if (is_debug_kernel())
        GTEST_SKIP() << "a debug kernel pads objects and is too slow for so many";
    if (memory_in_mebibytes() < 3500)
        GTEST_SKIP() << "this guest has " << memory_in_mebibytes() << " MiB, and it takes 4 GiB";
    hold(10'000);
    expect_cheap(10'000);
    for (std::size_t i = 0; i < sockets_.size(); i += 100)
        ASSERT_TRUE(round_trip(sockets_[i], "awake").ok());
    const auto removal = remove_echo();
    EXPECT_TRUE(removal.status.ok()) << removal.status.text();
    std::printf("  unloaded in %ld ms\n", static_cast<long>(removal.took.count()));
    for (const auto &socket : sockets_)
        ASSERT_EQ(wait_for_end(socket, patience(seconds(5))), Ending::finished);
}

} // namespace
} // namespace kinetd::suite
