// SPDX-License-Identifier: GPL-2.0
/// \file
/// More datagrams than anybody can serve: what is lost is counted, nobody else suffers, and it is
/// over when it is over.
#include <algorithm>
#include <cstdio>
#include <sstream>

#include "support/datagram_fixture.hpp"

namespace kinetd::suite {
namespace {

/// What the kernel has thrown away, and holds.
struct Losses {
    std::uint64_t backlog = 0; ///< queues of the CPUs, through which the loopback goes: full
    std::uint64_t sockets = 0; ///< receive queues of UDP sockets: full, or no memory for them
};

/// The value of a column of the two lines of a protocol in /proc/net/snmp.
std::uint64_t snmp(const std::string &protocol, const std::string &column) {
    const auto text = read_file("/proc/net/snmp").value();
    const auto first = text.find(protocol + ": ");
    std::istringstream names(text.substr(first, text.find('\n', first) - first));
    const auto second = text.find(protocol + ": ", first + 1);
    std::istringstream values(text.substr(second, text.find('\n', second) - second));
    for (std::string name, value; names >> name && values >> value;)
        if (name == column)
            return std::stoull(value);
    return 0;
}

Losses losses() {
    Losses now;
    for (const auto &line : split(read_file("/proc/net/softnet_stat").value(), '\n')) {
        std::istringstream fields(line);
        std::string processed, dropped;
        if (fields >> processed >> dropped)
            now.backlog += std::stoull(dropped, nullptr, 16);
    }
    now.sockets = snmp("Udp", "RcvbufErrors") + snmp("Udp", "MemErrors");
    return now;
}

/// Pages that UDP's queues take.
std::uint64_t udp_pages() {
    static constexpr std::string_view label = "UDP: inuse";
    const auto text = read_file("/proc/net/sockstat").value();
    const auto at = text.find(" mem ", text.find(label));
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + 5));
}

std::uint64_t available_mebibytes() {
    const auto text = read_file("/proc/meminfo").value();
    return std::stoull(text.substr(text.find("MemAvailable:") + 13)) / 1024;
}

constexpr int flooders = 3;

/// Clients on threads of their own who send as fast as they can and never read.
class Flood {
public:
    Flood(const Endpoint &to, std::uint64_t each, std::size_t size) {
        for (int i = 0; i < flooders; i++)
            sockets_.push_back(datagram_to(to, {.send_buffer = 1 << 20}).value());
        for (const auto &socket : sockets_)
            threads_.emplace_back([this, &socket, each, size] {
                const std::string bytes(size, 'f');
                for (std::uint64_t left = each; left > 0;) {
                    const auto n = send_burst(socket, bytes, left);
                    taken_ += n;
                    left -= n;
                }
                running_--;
            });
    }
    ~Flood() { wait(); }
    Flood(const Flood &) = delete;
    Flood &operator=(const Flood &) = delete;

    [[nodiscard]] bool is_over() const { return running_ <= 0; }
    void wait() {
        for (auto &thread : threads_)
            if (thread.joinable())
                thread.join();
    }
    /// What the kernel has taken of them.
    [[nodiscard]] std::uint64_t taken() const { return taken_; }
    /// What has come back and lies there.
    [[nodiscard]] std::uint64_t unread() const {
        std::uint64_t sum = 0;
        for (const auto &socket : sockets_)
            sum += take_datagrams(socket).size();
        return sum;
    }

private:
    std::vector<Descriptor> sockets_;
    std::vector<std::thread> threads_;
    std::atomic<std::uint64_t> taken_ = 0;
    std::atomic<int> running_ = flooders;
};

class Overload : public UdpEchoTest {
protected:
    void SetUp() override {
        UdpEchoTest::SetUp();
        if (HasFatalFailure())
            return;
        ASSERT_TRUE(insert_protocol(discard_name, parameters_for(discard_port_)).ok());
        ASSERT_TRUE(insert_echo(parameters_for(port_)).ok());
        expect_service();
        pages_before_ = udp_pages();
        available_before_ = available_mebibytes();
        losses_before_ = losses();
    }

    /// While the flood runs, a client of another service is served, each time within the limit.
    void expect_others_served(const Flood &flood) const {
        const auto socket = connect_to(at()).value();
        Milliseconds longest{0};
        int turns = 0;
        do {
            const Stopwatch watch;
            const auto answer = round_trip(socket, "me too", patience(seconds(5)));
            ASSERT_TRUE(answer.ok()) << answer.text();
            longest = std::max(longest, watch.elapsed());
            turns++;
        } while (!flood.is_over());
        std::printf("  meanwhile %d round trips, the longest of %ld ms\n", turns,
                    static_cast<long>(longest.count()));
    }

    /// All that was sent has been served, dropped or lost.
    static void expect_settled(const Service &service, bool answers) {
        DatagramCounts last;
        EXPECT_TRUE(wait_for(
            [&] {
                const auto now = counts_of(service);
                const bool same = now == last;
                last = now;
                return same && (!answers || now.received == now.sent + now.dropped + now.errors);
            },
            patience(seconds(10))))
            << testing::PrintToString(last);
    }

    void expect_at_rest() const {
        EXPECT_TRUE(wait_for([this] { return udp_pages() <= pages_before_ + slack_pages; },
                             patience(seconds(5))))
            << udp_pages() << " pages are held for UDP, before " << pages_before_;
        EXPECT_TRUE(wait_for(
            [this] { return available_mebibytes() + slack_mebibytes >= available_before_; },
            patience(seconds(5))))
            << available_mebibytes() << " MiB are available, before " << available_before_;
        expect_service();
        EXPECT_TRUE(round_trip(connect_to(at()).value(), "and me").ok());
    }

    [[nodiscard]] Losses lost() const {
        const auto now = losses();
        return {now.backlog - losses_before_.backlog, now.sockets - losses_before_.sockets};
    }

    /// What sockets keep for the next datagrams: some for each CPU, some for each socket.
    static constexpr std::uint64_t slack_pages = 1024;
    static constexpr std::uint64_t slack_mebibytes = 48;

    const std::uint64_t each_ = sized<std::uint64_t>(50'000, 2'500, 2'000'000);
    std::uint16_t discard_port_ = fresh_port();
    std::uint64_t pages_before_ = 0;
    std::uint64_t available_before_ = 0;
    Losses losses_before_;
};

TEST_F(Overload, ofAnEcho) {
    const auto before = counts();
    {
        Flood flood(at(), each_, 100);
        expect_others_served(flood);
        flood.wait();
        expect_settled(service_, true);
        const auto now = counts();
        const auto gone = lost();
        // Requests and answers alike are lost in the CPUs' queues, and so may be what others have
        // on their way; a request that finds the service's queue full is one that it has received
        // and dropped; an answer that finds the client's full is lost to it. Nothing else is
        // missing.
        EXPECT_EQ(flood.taken(), flooders * each_);
        const auto known = gone.sockets + (now.errors - before.errors) + flood.unread();
        EXPECT_LE(known, flood.taken());
        EXPECT_LE(flood.taken() - known, gone.backlog);
        EXPECT_LE(flood.taken() - (now.received - before.received), gone.backlog);
        EXPECT_EQ(now.received, now.sent + now.dropped + now.errors);
        std::printf("  of %lu: %lu lost on the way, %lu dropped, %lu answered, %lu errors\n",
                    static_cast<unsigned long>(flood.taken()),
                    static_cast<unsigned long>(gone.backlog),
                    static_cast<unsigned long>(now.dropped), static_cast<unsigned long>(now.sent),
                    static_cast<unsigned long>(now.errors));
    }
    expect_at_rest();
}

TEST_F(Overload, ofADiscard) {
    const Service discard("udp_discard");
    {
        Flood flood({"127.0.0.1", discard_port_}, each_, 100);
        expect_others_served(flood);
        flood.wait();
        expect_settled(discard, false);
        const auto now = counts_of(discard);
        EXPECT_LE(now.received, flood.taken());
        EXPECT_LE(flood.taken() - now.received, lost().backlog); // which may be others', too
        EXPECT_EQ(now.dropped, lost().sockets);
        EXPECT_EQ(now.bytes_received, 100 * (now.received - now.dropped));
        EXPECT_EQ(now.sent, 0U);
        std::printf("  of %lu: %lu lost on the way, %lu dropped\n",
                    static_cast<unsigned long>(flood.taken()),
                    static_cast<unsigned long>(lost().backlog),
                    static_cast<unsigned long>(now.dropped));
    }
    expect_at_rest();
}

TEST_F(Overload, ofLargeDatagrams) {
    {
        Flood flood(at(), each_ / 20, 60'000);
        expect_others_served(flood);
        flood.wait();
        expect_settled(service_, true);
        const auto now = counts();
        EXPECT_EQ(now.received, now.sent + now.dropped + now.errors);
    }
    expect_at_rest();
}

TEST_F(Overload, endsWithAnUnload) {
    for (int i = 0; i < sized(3, 2, 100); i++) {
        Flood flood(at(), each_ / 10, 200);
        ASSERT_TRUE(
            wait_for([this] { return counts().received > each_ / 20; }, patience(seconds(10))));
        const auto removal = unload();
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(2)));
        flood.wait();
        load();
    }
    expect_at_rest();
}

TEST_F(Overload, thatIsSwitchedOff) {
    for (int i = 0; i < sized(3, 2, 100); i++) {
        Flood flood(at(), each_ / 10, 200);
        const Stopwatch watch;
        expect_set("enabled", "0");
        EXPECT_LT(watch.elapsed(), patience(seconds(2)));
        expect_set("enabled", "1");
        flood.wait();
        expect_settled(service_, true);
    }
    expect_at_rest();
}

} // namespace
} // namespace kinetd::suite
