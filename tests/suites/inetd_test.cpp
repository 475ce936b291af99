// SPDX-License-Identifier: GPL-2.0
/// \file
/// The same said to openbsd-inetd, whose built-in services have been answering for decades, and to
/// kinetd: the same comes back. Where it does not, a test says in what, and why.
///
/// inetd answers no datagram from 127.0.0.0/8, so all of this happens at other addresses, in a
/// network namespace of its own.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "support/chargen.hpp"
#include "support/command.hpp"
#include "support/datagram.hpp"
#include "support/fixture.hpp"
#include "support/forge.hpp"
#include "support/moment.hpp"
#include "support/netns.hpp"
#include "support/pattern.hpp"
#include "support/wall_clock.hpp"

namespace kinetd::suite {
namespace {

constexpr std::uint16_t echo_port = 7;
constexpr std::uint16_t discard_port = 9;
constexpr std::uint16_t daytime_port = 13;
constexpr std::uint16_t chargen_port = 19;
constexpr std::uint16_t time_port = 37;

class Inetd : public CoreTest {
protected:
    static constexpr const char *kinetd = "10.99.0.1";
    static constexpr const char *inetd = "10.99.0.2";
    static constexpr const char *client = "10.99.0.3";

    /// Where the runner has put it: it is not installed, lest it serve the machine's network.
    static std::string program() {
        const char *path = std::getenv("KINETD_INETD");
        return path != nullptr ? path : "";
    }

    /// Runs in the namespace in which all of this happens.
    template <class Work>
    auto inside(Work work) const {
        return net_.run(work);
    }

    void SetUp() override {
        if (is_debug_kernel())
            GTEST_SKIP() << "what is said is the same on every kernel, and this one is slow";
        begin();
    }

    void begin() {
        if (program().empty() || execute("command -v " + program()).status != 0)
            GTEST_SKIP() << "there is no inetd (KINETD_INETD=" << program() << ")";
        CoreTest::SetUp();
        inside([this] { start(); });
    }

    void TearDown() override {
        daemon_.reset();
        // Services of a namespace end with it; wait for that here, not in the oracle.
        net_.drop();
    }

    /// Does the same to both and expects that the same comes of it.
    static void compare(const std::string &what,
                        const std::function<std::string(const std::string &)> &deed) {
        const auto expected = deed(inetd);
        const auto actual = deed(kinetd);
        EXPECT_TRUE(expected == actual)
            << what << ": inetd gives " << readable(expected) << ", kinetd " << readable(actual);
        EXPECT_NE(expected, "") << what << " says nothing";
    }

    static std::string readable(const std::string &bytes) {
        auto text = bytes.substr(0, 80);
        std::replace_if(
            text.begin(), text.end(), [](unsigned char c) { return std::isprint(c) == 0; }, '.');
        return std::to_string(bytes.size()) + " bytes \"" + text + "\"";
    }

    /// How a stream went, in words.
    static std::string ending(const Result<std::string> &answer) {
        return answer ? *answer + "(end)" : "(" + answer.text() + ")";
    }

    static Descriptor connect(const std::string &server, std::uint16_t port) {
        return connect_to({server, port}, {.source = Endpoint(client, 0)}).value();
    }

    /// Sends all of it and the end, and takes what comes back meanwhile.
    static std::string converse(const std::string &server, std::uint16_t port,
                                const std::string &bytes) {
        const auto socket = connect(server, port);
        std::thread sender([&] {
            (void)send_all(socket, bytes);
            (void)half_close(socket);
        });
        const auto answer = receive_all(socket);
        sender.join();
        return ending(answer);
    }

    /// What a datagram is answered with.
    static std::string ask(const std::string &server, std::uint16_t port, const std::string &bytes,
                           std::uint16_t from = 0) {
        const auto socket = datagram_to({server, port}, {.source = Endpoint(client, from)}).value();
        const auto sent = send_datagram(socket, bytes);
        if (!sent)
            return "(" + sent.text() + ")";
        const auto answer = receive_datagram(socket, patience(Milliseconds(300)));
        return answer ? answer->bytes + "(whole)" : "(" + answer.text() + ")";
    }

    /// What `deed` gives in this very second.
    static std::string at_moment(std::time_t at, const std::function<std::string()> &deed) {
        for (int i = 0; i < 10; i++) {
            EXPECT_TRUE(WallClock::set(at).ok());
            auto answer = deed();
            if (wall_time() == at)
                return answer;
        }
        return "(too slow)";
    }

private:
    void start() {
        for (const char *address : {kinetd, inetd, client})
            ASSERT_EQ(execute("ip addr add " + std::string(address) + "/32 dev lo").status, 0);
        for (const char *module :
             {echo_name, udp_echo_name, discard_name, chargen_name, daytime_name, time_name}) {
            const auto loaded = insert_protocol(module, std::string("address=") + kinetd);
            ASSERT_TRUE(loaded.ok()) << loaded.text();
        }
        const std::string configuration = "/tmp/inetd.conf";
        std::ofstream file(configuration);
        for (const char *name : {"echo", "discard", "daytime", "chargen", "time"})
            file << inetd << ":" << name << " stream tcp nowait root internal\n"
                 << inetd << ":" << name << " dgram udp wait root internal\n";
        file.close();
        // -R 0: as many connections a minute as there are.
        daemon_ =
            std::make_unique<Daemon>("TZ=UTC0 exec " + program() + " -d -R 0 " + configuration);
        ASSERT_TRUE(wait_for(
            [] {
                return connect_to({inetd, time_port}).ok();
            },
            patience(seconds(10))));
    }

    NetworkNamespace net_ = NetworkNamespace::create().value();
    std::unique_ptr<Daemon> daemon_;
};

TEST_F(Inetd, echoesTheSameStreams) {
    inside([] {
        for (const std::size_t size : {0, 1, 1448, 65'536, 1'000'003})
            compare("echo of " + std::to_string(size), [&](const auto &server) {
                return converse(server, echo_port, Pattern(1).bytes(0, size));
            });
    });
}

TEST_F(Inetd, discardsTheSameStreams) {
    inside([] {
        for (const std::size_t size : {0, 1, 1'000'003})
            compare("discard of " + std::to_string(size), [&](const auto &server) {
                return converse(server, discard_port, Pattern(1).bytes(0, size));
            });
    });
}

TEST_F(Inetd, generatesTheSameCharacters) {
    // Both begin with the space, at the first line of the ring.
    inside([] {
        compare("chargen", [](const auto &server) {
            const auto socket = connect(server, chargen_port);
            return receive_exactly(socket, 20 * chargen_ring + 17).value();
        });
        compare("chargen after a half close", [](const auto &server) {
            const auto socket = connect(server, chargen_port);
            EXPECT_TRUE(half_close(socket).ok());
            return receive_exactly(socket, 20 * chargen_ring + 17).value();
        });
        compare("chargen to who sends", [](const auto &server) {
            const auto socket = connect(server, chargen_port);
            EXPECT_TRUE(send_all(socket, std::string(10'000, 'x')).ok());
            return receive_exactly(socket, 20 * chargen_ring + 17).value();
        });
    });
}

TEST_F(Inetd, tellsTheSameTime) {
    const WallClock clock;
    inside([] {
        for (const auto port : {daytime_port, time_port})
            for (const std::time_t at : {951'782'400, 2'147'483'647}) {
                compare("stream from " + std::to_string(port), [&](const auto &server) {
                    return at_moment(at, [&] { return converse(server, port, ""); });
                });
                for (const auto *bytes : {"", "now?"})
                    compare("datagram from " + std::to_string(port), [&](const auto &server) {
                        return at_moment(at, [&] { return ask(server, port, bytes); });
                    });
            }
    });
}

TEST_F(Inetd, echoesTheSameDatagrams) {
    inside([] {
        for (const std::size_t size : {0, 1, 1472, 1473, 4096})
            compare("echo of " + std::to_string(size), [&](const auto &server) {
                return ask(server, echo_port, Pattern(1).bytes(0, size));
            });
        compare("discard", [](const auto &server) { return ask(server, discard_port, "x"); });
    });
}

/// What follows is where they differ.
using InetdDiffers = Inetd;

TEST_F(InetdDiffers, byCuttingLongDatagrams) {
    // Its buffer has 4 KiB; kinetd's answer is as long as the request.
    inside([] {
        const auto bytes = Pattern(1).bytes(0, 30'000);
        EXPECT_TRUE(ask(inetd, echo_port, bytes) == bytes.substr(0, 4096) + "(whole)");
        EXPECT_TRUE(ask(kinetd, echo_port, bytes) == bytes + "(whole)");
    });
}

TEST_F(InetdDiffers, byAnsweringTheServicesOfOthers) {
    // No client asks from a port below 1024, and a server that seems to was named by somebody else:
    // kinetd answers none. Debian's inetd, unlike its relatives, answers all.
    inside([] {
        for (const auto port : {echo_port, daytime_port, time_port})
            for (const std::uint16_t from : {1, 7, 19, 53, 1023}) {
                EXPECT_NE(ask(inetd, port, "x", from).find("(whole)"), std::string::npos)
                    << port << " from " << from;
                EXPECT_EQ(ask(kinetd, port, "x", from).find("(whole)"), std::string::npos)
                    << port << " from " << from;
            }
    });
}

TEST_F(InetdDiffers, byResettingWhoSpeaksToDaytime) {
    // It closes with the client's words unread, which makes it a reset: one that comes on the heels
    // of the answer, and in other stacks than Linux throws it away. kinetd takes them first.
    inside([] {
        const auto after_the_answer = [](const std::string &server) {
            const auto socket = start_connect({server, daytime_port}).value();
            (void)send_all(socket, "now?\r\n");
            EXPECT_EQ(receive_exactly(socket, 26).value().size(), 26U);
            (void)wait_for_end(socket, patience(seconds(2)));
            // A reset makes further sending an error; kinetd's end of its side does not.
            return wait_for([&] { return !send_all(socket, "thanks\r\n"); }, Milliseconds(300));
        };
        EXPECT_TRUE(after_the_answer(inetd));
        EXPECT_FALSE(after_the_answer(kinetd));
    });
}

TEST_F(InetdDiffers, byGeneratingCharactersInDatagrams) {
    // 74 bytes for one of a source that can be forged: kinetd has no chargen over UDP.
    inside([] {
        EXPECT_EQ(ask(inetd, chargen_port, "x"), chargen_bytes(0, chargen_line) + "(whole)");
        const auto socket = datagram_to({kinetd, chargen_port}).value();
        ASSERT_TRUE(send_datagram(socket, "x").ok());
        EXPECT_EQ(receive_datagram(socket).code(), ECONNREFUSED);
    });
}

TEST_F(InetdDiffers, byRefusingTheLoopback) {
    // Nothing can be forged from there but by who is there; kinetd answers it.
    inside([] {
        const auto from_loopback = [](const std::string &server) {
            const auto socket =
                datagram_to({server, echo_port}, {.source = Endpoint("127.0.0.1", 0)}).value();
            EXPECT_TRUE(send_datagram(socket, "x").ok());
            return receive_datagram(socket, patience(Milliseconds(300))).ok();
        };
        EXPECT_FALSE(from_loopback(inetd));
        EXPECT_TRUE(from_loopback(kinetd));
    });
}

/// Two that answer one another would do so for ever.
class Loop : public Inetd {
protected:
    void SetUp() override { begin(); }

    /// Forges one datagram; how many answers the service sends in a while, or until it is plain
    /// that there is a loop.
    static std::uint64_t answers_of(const Service &service, const Endpoint &source,
                                    const Endpoint &destination,
                                    Milliseconds limit = patience(Milliseconds(200))) {
        const auto received = service.stat("datagrams_received");
        const auto sent = service.stat("datagrams_sent");
        const auto forged = forge({.source = source, .destination = destination});
        EXPECT_TRUE(forged.ok()) << forged.text();
        EXPECT_TRUE(wait_for([&] { return service.stat("datagrams_received") > received; },
                             patience(seconds(5))));
        (void)wait_for([&] { return service.stat("datagrams_sent") > sent + 100; }, limit);
        return service.stat("datagrams_sent") - sent;
    }
};

TEST_F(Loop, withTheReflectorsOfInetd) {
    inside([] {
        const Service echo("udp_echo");
        for (const auto port : {chargen_port, echo_port}) {
            EXPECT_EQ(answers_of(echo, {inetd, port}, {kinetd, echo_port}), 0U);
            // It is this rule of ours that keeps it so. Without it they go on for ever; and with it
            // again they end.
            ASSERT_TRUE(echo.set("min_source_port", 0).ok());
            EXPECT_GT(answers_of(echo, {inetd, port}, {kinetd, echo_port}, patience(seconds(10))),
                      100U);
            ASSERT_TRUE(echo.set("min_source_port", 1024).ok());
            EXPECT_TRUE(wait_for(
                [&] {
                    const auto sent = echo.stat("datagrams_sent");
                    return !wait_for([&] { return echo.stat("datagrams_sent") != sent; },
                                     Milliseconds(100));
                },
                patience(seconds(5))));
        }
    });
}

TEST_F(Loop, withAnotherOfOurOwn) {
    // From ports that anybody may have: that they are ours is what stops it.
    inside([] {
        ASSERT_TRUE(new_service("one", "udp_echo").ok());
        ASSERT_TRUE(new_service("two", "udp_echo").ok());
        std::uint16_t port = 7007;
        for (const char *name : {"one", "two"}) {
            const Service echo(name);
            ASSERT_TRUE(echo.set("address", kinetd).ok());
            ASSERT_TRUE(echo.set("port", port++).ok());
            ASSERT_TRUE(echo.set("min_source_port", 0).ok());
            ASSERT_TRUE(echo.set("enabled", 1).ok());
        }
        EXPECT_EQ(answers_of(Service("one"), {kinetd, 7008}, {kinetd, 7007}), 0U);
        EXPECT_EQ(answers_of(Service("two"), {kinetd, 7007}, {kinetd, 7008}), 0U);
        EXPECT_EQ(answers_of(Service("one"), {kinetd, 7007}, {kinetd, 7007}), 0U);
        EXPECT_EQ(answers_of(Service("one"), {kinetd, daytime_port}, {kinetd, 7007}), 0U);
    });
}

} // namespace
} // namespace kinetd::suite
