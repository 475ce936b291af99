// SPDX-License-Identifier: GPL-2.0
/// \file
/// Protocols come and go in any order, each with its clients, and those of the others notice
/// nothing: not a byte, not a datagram, not an answer is lost to them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include "support/chargen.hpp"
#include "support/datagram_traffic.hpp"
#include "support/fixture.hpp"
#include "support/flood.hpp"
#include "support/moment.hpp"
#include "support/wall_clock.hpp"

namespace kinetd::suite {
namespace {

/// Clients of one protocol, busy from construction on.
class Patrons {
public:
    Patrons() = default;
    virtual ~Patrons() = default;
    Patrons(const Patrons &) = delete;
    Patrons &operator=(const Patrons &) = delete;

    /// Whether they are being served.
    [[nodiscard]] virtual bool served() const = 0;
    /// They leave of their own. Empty where they have got all that they had a right to, else it
    /// says what was missing.
    virtual std::string leave() = 0;
    /// Their server has gone. Empty where nothing wrong came before.
    virtual std::string lament() = 0;
};

/// The kernel's own client, as one of an echo's.
class Probe {
public:
    Probe(const std::string &transport, const Endpoint &server) : name_(transport) {
        write_file(clients + "new_client", name_ + "\n").value();
        client_.set("transport", transport).value();
        client_.set("port", server.port()).value();
        client_.set("interval_us", 5000).value();
        client_.set("timeout_ms", patience(seconds(5)).count()).value();
        client_.set("running", 1).value();
    }
    ~Probe() { (void)write_file(clients + "delete_client", name_ + "\n"); }
    Probe(const Probe &) = delete;
    Probe &operator=(const Probe &) = delete;

    [[nodiscard]] bool served() const {
        const auto received = client_.number("stats/received");
        return wait_for([&] { return client_.number("stats/received") > received; },
                        patience(seconds(20)));
    }
    /// What it has met up to now that it should not have; empty where nothing.
    [[nodiscard]] std::string complaint(bool server_has_stayed) const {
        std::string text;
        for (const char *counter : {"mismatched", "lost", "errors"}) {
            const auto value = client_.number(std::string("stats/") + counter);
            if (value != 0 && (server_has_stayed || counter == std::string("mismatched")))
                text += std::string(counter) + "=" + std::to_string(value) + " ";
        }
        return text.empty() ? text : "kinetd_client: " + text;
    }

private:
    inline static const std::string clients = sysfs_root + "/clients/";

    std::string name_;
    Folder client_{clients + name_};
};

class EchoPatrons : public Patrons {
public:
    explicit EchoPatrons(const Endpoint &server)
        : probe_("tcp", server), traffic_(server, 1, {.segment = 4000, .window = 4000}) {}
    [[nodiscard]] bool served() const override { return traffic_.flows(1) && probe_.served(); }
    std::string leave() override { return traffic_.finish() + probe_.complaint(true); }
    std::string lament() override { return traffic_.end() + probe_.complaint(false); }

private:
    Probe probe_;
    Traffic traffic_;
};

class UdpEchoPatrons : public Patrons {
public:
    explicit UdpEchoPatrons(const Endpoint &server)
        : probe_("udp", server),
          traffic_(server, 1, {.window = 1, .loss_after = patience(seconds(5))}) {}
    [[nodiscard]] bool served() const override { return traffic_.flows(1) && probe_.served(); }
    std::string leave() override { return traffic_.finish() + probe_.complaint(true); }
    std::string lament() override { return traffic_.end() + probe_.complaint(false); }

private:
    Probe probe_;
    DatagramTraffic traffic_;
};

class DiscardPatrons : public Patrons {
public:
    explicit DiscardPatrons(const Endpoint &server)
        : flood_(server, 2, {.talks = true, .pace = Milliseconds(5)}) {}
    [[nodiscard]] bool served() const override { return flood_.flows(1); }
    std::string leave() override {
        const auto wrong = flood_.finish();
        const auto counted = Service("tcp_discard").stat("bytes_received");
        return !wrong.empty() || counted == flood_.sent()
                   ? wrong
                   : std::to_string(flood_.sent()) + " bytes were sent, " +
                         std::to_string(counted) + " counted";
    }
    std::string lament() override { return flood_.end(); }

private:
    Flood flood_;
};

class ChargenPatrons : public Patrons {
public:
    explicit ChargenPatrons(const Endpoint &server)
        : flood_(server, 2, {.expects = is_chargen, .read_size = 8000, .pace = Milliseconds(5)}) {}
    [[nodiscard]] bool served() const override { return flood_.flows(1); }
    std::string leave() override { return flood_.stop(); }
    std::string lament() override { return flood_.end(); }

private:
    Flood flood_;
};

/// One who comes, asks, has one whole answer, and comes again.
class Regular : public Patrons {
public:
    /// What a right answer, or else what is wrong with it, is to say.
    using Visit = std::function<Status(const Endpoint &)>;

    Regular(const Endpoint &server, Visit visit)
        : server_(server), visit_(std::move(visit)), thread_([this] { work(); }) {}
    ~Regular() override { stop(); }

    [[nodiscard]] bool served() const override {
        const auto visits = visits_.load();
        return wait_for([&] { return visits_ > visits; }, patience(seconds(20)));
    }
    std::string leave() override {
        stop();
        return failure_ ? "" : failure_.text();
    }
    std::string lament() override {
        stop();
        return failure_.code() == EBADMSG ? failure_.text() : "";
    }

    /// Takes one answer, which is to be what `say` makes of this time.
    static Visit takes(std::string (*say)(std::time_t)) {
        return [say](const Endpoint &server) -> Status {
            const auto asked = wall_time();
            auto socket = connect_to(server);
            if (!socket)
                return socket.error();
            const auto answer = receive_all(*socket);
            if (!answer)
                return answer.error();
            if (answer->empty())
                return Error{ENODATA, "no answer"};
            if (!was_said(*answer, say, asked))
                return Error{EBADMSG, *answer};
            return Done{};
        };
    }

    /// Says a line and takes it back reversed.
    static Status reverses(const Endpoint &server) {
        auto socket = connect_to(server);
        if (!socket)
            return socket.error();
        auto sent = send_all(*socket, "kinetd\n");
        if (!sent)
            return sent;
        const auto answer = receive_exactly(*socket, 7);
        if (!answer)
            return answer.error();
        return *answer == "dtenik\n" ? Status(Done{}) : Error{EBADMSG, *answer};
    }

private:
    void work() {
        while (!stopping_ && failure_) {
            failure_ = visit_(server_);
            visits_++;
            std::this_thread::sleep_for(Milliseconds(5)); // the others want to be served too
        }
    }
    void stop() {
        stopping_ = true;
        if (thread_.joinable())
            thread_.join();
    }

    Endpoint server_;
    Visit visit_;
    Status failure_ = Done{};
    std::atomic<bool> stopping_ = false;
    std::atomic<std::uint64_t> visits_ = 0;
    std::thread thread_;
};

/// A module, where its service is, and who comes to it.
struct House {
    const char *module;
    std::function<std::unique_ptr<Patrons>(const Endpoint &)> invite;
    std::uint16_t port = fresh_port();
    std::unique_ptr<Patrons> patrons{};
};

template <class T>
std::unique_ptr<Patrons> invite(const Endpoint &server) {
    return std::make_unique<T>(server);
}

auto invite_regular(const Regular::Visit &visit) {
    return [visit](const Endpoint &server) { return std::make_unique<Regular>(server, visit); };
}

class Order : public CoreTest {
protected:
    static unsigned seed() {
        const char *value = std::getenv("KINETD_SEED");
        return value != nullptr ? static_cast<unsigned>(std::stoul(value)) : std::random_device{}();
    }

    Order() {
        houses_.push_back({echo_name, invite<EchoPatrons>});
        houses_.push_back({udp_echo_name, invite<UdpEchoPatrons>});
        houses_.push_back({discard_name, invite<DiscardPatrons>});
        houses_.push_back({chargen_name, invite<ChargenPatrons>});
        houses_.push_back({daytime_name, invite_regular(Regular::takes(daytime_line))});
        houses_.push_back({time_name, invite_regular(Regular::takes(time_word))});
        houses_.push_back({reverse_name, invite_regular(Regular::reverses)});
    }

    void SetUp() override {
        CoreTest::SetUp();
        load_client();
        std::printf("  KINETD_SEED=%u\n", seed_);
    }

    static void load_client() {
        const auto client = insert_protocol(client_name, "");
        ASSERT_TRUE(client.ok()) << client.text();
    }

    /// Loads it and lets its clients in.
    static void open(House &house) {
        const auto loaded = insert_protocol(house.module, parameters_for(house.port));
        ASSERT_TRUE(loaded.ok()) << loaded.text();
        house.patrons = house.invite({"127.0.0.1", house.port});
    }

    /// Unloads it, sometimes after its clients have left, and sometimes among them.
    void close(House &house) {
        const bool politely = random_() % 2 == 0;
        if (politely) {
            EXPECT_EQ(house.patrons->leave(), "") << house.module;
        }
        const auto removal = remove_protocol(house.module);
        ASSERT_TRUE(removal.status.ok()) << removal.status.text();
        EXPECT_LT(removal.took, patience(seconds(5))) << house.module; // among all this
        if (!politely) {
            EXPECT_EQ(house.patrons->lament(), "") << house.module;
        }
        house.patrons.reset();
    }

    /// Some of the houses, in some order.
    std::vector<House *> some() {
        std::vector<House *> all;
        for (auto &house : houses_)
            all.push_back(&house);
        std::shuffle(all.begin(), all.end(), random_);
        // Mostly one, often two, now and then all of them.
        const auto dice = random_() % 32;
        all.resize(dice == 0 ? all.size() : dice < 8 ? 2 : 1);
        return all;
    }

    unsigned seed_ = seed();
    std::mt19937 random_{seed_};
    std::vector<House> houses_;
};

/// Each of the parts has a quarter of the orders, and a seed of its own.
class OrderOfMany : public Order, public testing::WithParamInterface<int> {};

TEST_P(OrderOfMany, isNobodysBusiness) {
    for (auto &house : houses_)
        ASSERT_NO_FATAL_FAILURE(open(house)) << house.module;
    const int orders = sized(8, 1, 1000);
    const Stopwatch watch;
    int order = 0;
    for (; order < orders; order++) {
        if (!is_full_run() && watch.elapsed() > patience(seconds(75))) {
            std::printf("  %d of %d orders: this machine is slow\n", order, orders);
            break;
        }
        auto chosen = some();
        for (auto *house : chosen)
            ASSERT_NO_FATAL_FAILURE(close(*house)) << "order " << order << ", " << house->module;
        std::shuffle(chosen.begin(), chosen.end(), random_);
        for (auto *house : chosen)
            ASSERT_NO_FATAL_FAILURE(open(*house)) << "order " << order << ", " << house->module;
        const auto &any = houses_[random_() % houses_.size()];
        ASSERT_TRUE(any.patrons->served()) << "order " << order << ", " << any.module;
    }
    for (auto &house : houses_)
        EXPECT_EQ(house.patrons->leave(), "") << house.module;
}

INSTANTIATE_TEST_SUITE_P(Quarter, OrderOfMany, testing::Range(1, 5));

TEST_F(Order, ofTheFirstLoadIsFree) {
    std::vector<House *> all;
    for (auto &house : houses_)
        all.push_back(&house);
    for (int order = 0; order < sized(1, 1, 500); order++) {
        std::shuffle(all.begin(), all.end(), random_);
        for (auto *house : all)
            ASSERT_NO_FATAL_FAILURE(open(*house)) << house->module;
        std::shuffle(all.begin(), all.end(), random_);
        for (auto *house : all)
            ASSERT_NO_FATAL_FAILURE(close(*house)) << house->module;
        ASSERT_TRUE(remove_module(client_name).ok());
        ASSERT_TRUE(remove_module(core_name).ok());
        ASSERT_TRUE(insert_core().ok());
        load_client();
    }
}

} // namespace
} // namespace kinetd::suite
