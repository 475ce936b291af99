// SPDX-License-Identifier: GPL-2.0
/// \file
/// rmmod, and the end of a namespace, while datagrams come.
#include <fcntl.h>

#include <cstdio>
#include <optional>
#include <string>

#include "support/datagram_fixture.hpp"
#include "support/events.hpp"
#include "support/inside.hpp"
#include "support/kind.hpp"
#include "support/link.hpp"

namespace kinetd::suite {
namespace {

/// The bound of the project's promise.
constexpr Milliseconds bound{2000};

/// Clients on a thread who send to an endpoint and look at nothing.
class Drizzle {
public:
    explicit Drizzle(const Endpoint &to) : socket_(datagram_to(to).value()) {
        thread_ = std::thread([this] {
            while (!done_) {
                (void)send_datagram(socket_, "drop");
                sent_++;
                (void)take_datagrams(socket_);
            }
        });
    }
    ~Drizzle() {
        done_ = true;
        thread_.join();
    }
    Drizzle(const Drizzle &) = delete;
    Drizzle &operator=(const Drizzle &) = delete;

    /// Waits for so many more.
    [[nodiscard]] bool falls(std::uint64_t drops) const {
        const auto wanted = sent_ + drops;
        return wait_for([&] { return sent_ >= wanted; }, patience(seconds(20)));
    }

private:
    Descriptor socket_;
    std::atomic<bool> done_ = false;
    std::atomic<std::uint64_t> sent_ = 0;
    std::thread thread_;
};

class UdpUnload : public KindTest {
protected:
    void expect_removal() const {
        const auto removal = unload();
        EXPECT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(bound));
        EXPECT_FALSE(service_.present());
        EXPECT_FALSE(exists(sysfs_root + "/protocols/" + GetParam().protocol));
    }

    /// It is there again, and receives.
    void expect_receiving() const {
        const auto socket = datagram_to(at()).value();
        EXPECT_TRUE(send_datagram(socket, "still here?").ok());
        EXPECT_TRUE(wait_for([this] { return service_.stat("datagrams_received") > 0; },
                             patience(seconds(5))));
    }
};

TEST_P(UdpUnload, whenNothingEverHappened) {
    expect_removal();
}

TEST_P(UdpUnload, refusesTheCoreWhileItIsThere) {
    EXPECT_EQ(remove_module(core_name).code(), EWOULDBLOCK);
    expect_receiving();
}

TEST_P(UdpUnload, againAndAgain) {
    const Drizzle rain(at());
    for (int i = 0; i < sized(6, 2, 1000); i++) {
        ASSERT_TRUE(rain.falls(100)) << "turn " << i;
        expect_removal();
        if (i % 4 == 0) {
            ASSERT_TRUE(remove_module(core_name).ok()) << "turn " << i;
            ASSERT_TRUE(insert_core().ok()) << "turn " << i;
        }
        ASSERT_NO_FATAL_FAILURE(load());
    }
    expect_receiving();
}

TEST_P(UdpUnload, withEventsAndThreadsOfAllNumbers) {
    const Events events;
    const Drizzle rain(at());
    for (unsigned i = 0; i < sized(6U, 4U, 60U); i++) {
        ASSERT_TRUE(pool_.set("threads", 1 + i % 4).ok());
        ASSERT_TRUE(rain.falls(100));
        expect_removal();
        EXPECT_GT(Events::count("kinetd_service_stop",
                                std::string("service=") + GetParam().protocol + " "),
                  i);
        ASSERT_NO_FATAL_FAILURE(load());
    }
    expect_receiving();
}

TEST_P(UdpUnload, whileItsNamespaceEnds) {
    for (int i = 0; i < sized(8, 2, 200); i++) {
        auto place = NetworkNamespace::create().value();
        ASSERT_NO_FATAL_FAILURE(
            start_inside(place, {.port = port_, .protocol = GetParam().protocol}));
        auto rain = place.run([this] { return std::make_unique<Drizzle>(at()); });
        ASSERT_TRUE(rain->falls(20));
        place.drop();
        std::thread leaver([&rain] { rain.reset(); });
        if (i % 2 == 0)
            expect_removal();
        leaver.join();
        EXPECT_TRUE(goes("inside", patience(seconds(5)))) << i;
        if (i % 2 == 0) {
            ASSERT_NO_FATAL_FAILURE(load());
        }
    }
    expect_receiving();
}

INSTANTIATE_TEST_SUITE_P(Of, UdpUnload,
                         testing::Values(Kind{udp_echo_name, "udp_echo"},
                                         Kind{discard_name, "udp_discard"},
                                         Kind{notify_name, "udp_notify"},
                                         Kind{daytime_name, "udp_daytime"},
                                         Kind{time_name, "udp_time"}),
                         name_of);

class UdpEchoUnload : public UdpEchoTest {};

TEST_F(UdpEchoUnload, underTrafficAgainAndAgain) {
    Milliseconds longest{0};
    for (int i = 0; i < sized(10, 3, 1000); i++) {
        DatagramTraffic traffic(at(), 10, {.loss_after = Milliseconds(10)});
        ASSERT_TRUE(traffic.flows(50)) << "turn " << i;
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << "turn " << i << ": " << removal.status.text();
        EXPECT_LT(removal.took, patience(bound));
        longest = std::max(longest, removal.took);
        EXPECT_EQ(traffic.end(), "");
        ASSERT_NO_FATAL_FAILURE(load());
    }
    std::printf("  rmmod took at most %ld ms\n", static_cast<long>(longest.count()));
    expect_service();
}

TEST_F(UdpEchoUnload, leavesThePortToOthers) {
    ASSERT_TRUE(unload().status.ok());
    const auto heir = datagram_socket(AF_INET, {.source = at()});
    ASSERT_TRUE(heir.ok()) << heir.text();
    EXPECT_EQ(insert_protocol(udp_echo_name, parameters_for(port_)).code(), EADDRINUSE);
    EXPECT_FALSE(is_loaded(udp_echo_name));
    expect_nobody({"127.0.0.1", static_cast<std::uint16_t>(port_ + 5000)});
}

TEST_F(UdpEchoUnload, withItsFilesHeldOpen) {
    const Descriptor port(::open((service_.path() + "/port").c_str(), O_RDWR | O_CLOEXEC));
    const Descriptor stat(
        ::open((service_.path() + "/stats/datagrams_received").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(port && stat);
    ASSERT_TRUE(unload().status.ok());
    char byte = 0;
    EXPECT_EQ(::read(port.get(), &byte, 1), -1);
    EXPECT_EQ(errno, ENODEV);
    EXPECT_EQ(::read(stat.get(), &byte, 1), -1);
    EXPECT_EQ(errno, ENODEV);
}

TEST_F(UdpEchoUnload, withAReaderOfItsCounters) {
    std::atomic<bool> done = false;
    std::thread reader([&] {
        while (!done)
            for (const char *counter : {"datagrams_received", "datagrams_dropped", "bytes_sent"})
                (void)read_file(service_.path() + "/stats/" + counter);
    });
    const Drizzle rain(at());
    for (int i = 0; i < sized(10, 3, 200); i++) {
        EXPECT_TRUE(rain.falls(50));
        EXPECT_TRUE(unload().status.ok());
        ASSERT_NO_FATAL_FAILURE(load());
    }
    done = true;
    reader.join();
}

TEST_F(UdpEchoUnload, withAPeerBehindALinkThatGoes) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    // The routes that it remembers must not keep a device, nor a namespace, from going.
    for (int i = 0; i < sized(5, 3, 100); i++) {
        {
            const auto link = Link::create().value();
            expect_set("address", "0.0.0.0");
            link.far().run([this] {
                for (int j = 0; j < 20; j++)
                    expect_service(at(Link::near_v4));
            });
        }
        EXPECT_FALSE(exists(std::string("/sys/class/net/") + Link::here));
        expect_service();
    }
}

class UdpNamespace : public UdpEchoTest {
protected:
    /// Brings a service up inside `where`.
    void start_inside(const NetworkNamespace &where, const std::string &name,
                      const std::string &address = "127.0.0.1") const {
        suite::start_inside(
            where, {.port = port_, .name = name, .protocol = "udp_echo", .address = address});
    }

    static bool gone(const std::string &name) { return goes(name, patience(seconds(2))); }
};

TEST_F(UdpNamespace, isTheOneOfTheCreator) {
    auto place = NetworkNamespace::create().value();
    start_inside(place, "inside");
    expect_service();
    place.run([this] { expect_service(); });
    EXPECT_EQ(service_.stat("datagrams_sent"), 1U);
    EXPECT_EQ(Service("inside").stat("datagrams_sent"), 1U);
    place.drop();
    EXPECT_TRUE(gone("inside"));
    expect_service();
}

TEST_F(UdpNamespace, isTheOneOfInsmod) {
    ASSERT_TRUE(unload().status.ok());
    auto place = NetworkNamespace::create().value();
    ASSERT_EQ(
        place.run([this] { return insert_protocol(udp_echo_name, parameters_for(port_)).code(); }),
        0);
    EXPECT_EQ(service_.number("netns"), place.inode());
    place.run([this] { expect_service(); });
    expect_nobody(at());
    place.drop();
    EXPECT_TRUE(gone("udp_echo"));
}

TEST_F(UdpNamespace, endsUnderTraffic) {
    for (int i = 0; i < sized(10, 2, 200); i++) {
        auto place = NetworkNamespace::create().value();
        start_inside(place, "inside", i % 2 == 0 ? "0.0.0.0" : "127.0.0.1");
        ASSERT_TRUE(Service("inside").set("exec", i % 2 == 0 ? "thread" : "inline").ok());
        auto traffic = place.run([this] { return std::make_unique<DatagramTraffic>(at(), 10); });
        ASSERT_TRUE(traffic->flows());
        place.drop();
        traffic.reset();
        ASSERT_TRUE(gone("inside")) << "turn " << i;
    }
    expect_service();
}

TEST_F(UdpNamespace, endsWhileOthersGoOn) {
    DatagramTraffic outside(at(), 10);
    for (int i = 0; i < sized(8, 2, 200); i++) {
        ASSERT_TRUE(outside.flows());
        auto place = NetworkNamespace::create().value();
        start_inside(place, "inside");
        place.run([this] { expect_service(); });
        place.drop();
        ASSERT_TRUE(gone("inside")) << "turn " << i;
    }
    EXPECT_EQ(outside.finish(), "");
}

TEST_F(UdpNamespace, endsBehindALink) {
    if (!has_links())
        GTEST_SKIP() << "this kernel has no virtual Ethernet";
    for (int i = 0; i < sized(3, 2, 50); i++) {
        auto link = std::make_unique<Link>(Link::create().value());
        start_inside(link->far(), "inside", "0.0.0.0");
        DatagramTraffic traffic(at(Link::far_v4), 5, {.loss_after = Milliseconds(20)});
        ASSERT_TRUE(traffic.flows());
        link.reset();
        ASSERT_TRUE(gone("inside")) << "turn " << i;
        EXPECT_EQ(traffic.end(), "");
    }
    expect_service();
}

/// A neighbour who does not say where it is: answers wait in its queue, each with its route.
class UdpWaiting : public UdpEchoTest {
protected:
    UdpWaiting() : UdpEchoTest("0.0.0.0") {}

    void SetUp() override {
        UdpEchoTest::SetUp();
        if (HasFatalFailure())
            return;
        if (!has_links())
            GTEST_SKIP() << "this kernel has no virtual Ethernet";
        link_.emplace(Link::create().value());
        // It is asked for once a second, and given up only when a test is long over.
        ASSERT_TRUE(
            write_file("/proc/sys/net/ipv4/neigh/" + std::string(Link::here) + "/mcast_solicit",
                       "1000")
                .ok());
        const auto here = read_file("/sys/class/net/" + std::string(Link::here) + "/address");
        ASSERT_TRUE(here.ok());
        const std::string there = Link::there;
        ASSERT_TRUE(link_->far().run([&] {
            return run_command("ip link set " + there + " arp off && ip neighbour add " +
                               Link::near_v4 + " dev " + there + " lladdr " +
                               split(*here, '\n').front())
                .ok();
        }));
    }

    /// Has so many answers wait.
    void ask_for(std::uint64_t answers) const {
        const auto before = counts().sent;
        link_->far().run([&] {
            const auto socket = datagram_to(at(Link::near_v4)).value();
            for (std::uint64_t i = 0; i < answers; i++)
                ASSERT_TRUE(send_datagram(socket, "where am I?").ok());
        });
        ASSERT_TRUE(
            wait_for([&] { return counts().sent == before + answers; }, patience(seconds(10))));
        ASSERT_TRUE(run_command(std::string("ip neighbour show ") + Link::far_v4 + " dev " +
                                Link::here + " | grep INCOMPLETE")
                        .ok());
    }

    std::optional<Link> link_;
};

TEST_F(UdpWaiting, answersOutliveTheProtocol) {
    for (const char *exec : {"thread", "inline"}) {
        ASSERT_TRUE(service_.set("exec", exec).ok());
        ASSERT_NO_FATAL_FAILURE(ask_for(20));
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(bound));
        ASSERT_TRUE(run_command(std::string("ip neighbour flush dev ") + Link::here).ok());
        load();
    }
}

TEST_F(UdpWaiting, answersOutliveTheirRoute) {
    for (const char *exec : {"thread", "inline"}) {
        ASSERT_TRUE(service_.set("exec", exec).ok());
        ASSERT_NO_FATAL_FAILURE(ask_for(20));
        const std::string address = std::string(Link::near_v4) + "/24";
        ASSERT_TRUE(link_->remove_here(address).ok());
        ASSERT_TRUE(run_command(std::string("ip neighbour flush dev ") + Link::here).ok());
        ASSERT_TRUE(link_->add_here(address).ok());
    }
    // And some go with the link.
    ASSERT_NO_FATAL_FAILURE(ask_for(20));
    link_.reset();
    expect_service();
}

} // namespace
} // namespace kinetd::suite
