// SPDX-License-Identifier: GPL-2.0
/// \file
/// The protocols on their own ports, as clients see them that others wrote.
#include "support/chargen.hpp"
#include "support/command.hpp"
#include "support/fixture.hpp"
#include "support/moment.hpp"
#include "support/pattern.hpp"
#include "support/wall_clock.hpp"

namespace kinetd::suite {
namespace {

/// Every protocol that has a port of its own, up on it.
class Independent : public CoreTest {
protected:
    void SetUp() override {
        if (is_debug_kernel())
            GTEST_SKIP() << "what is said is the same on every kernel, and this one is slow";
        CoreTest::SetUp();
        for (const char *module :
             {echo_name, udp_echo_name, discard_name, chargen_name, daytime_name, time_name}) {
            const auto loaded = insert_protocol(module, "");
            ASSERT_TRUE(loaded.ok()) << loaded.text();
        }
    }

    /// Of a command that must work.
    static std::string output_of(const std::string &command, const std::string &input = "") {
        const auto outcome = execute("TZ=UTC0 " + command, input, patience(seconds(60)));
        EXPECT_EQ(outcome.status, 0) << command << ": " << outcome.errors;
        return outcome.output;
    }

    /// The output holds the time of day, in the form of the example in RFC 867, of a moment since
    /// `from`.
    static void expect_moment(std::string output, std::time_t from) {
        const auto zone = output.find("UTC "); // which some put into the middle of it
        if (zone != std::string::npos)
            output.erase(zone, 4);
        bool found = false;
        for (auto at = from, now = wall_time(); at <= now; at++) {
            auto line = daytime_line(at);
            line.resize(24);
            found = found || output.find(line) != std::string::npos;
        }
        EXPECT_TRUE(found) << output;
    }

    /// What a client of datagrams has printed, up to `size` bytes. Its input stays open until then:
    /// some leave at its end, whether they have had an answer or not.
    static std::string answer_of(const std::string &client, const std::string &datagram,
                                 std::size_t size) {
        // Both ends of a pipe that all of them have.
        return output_of("bash -c 'exec 3<> <(:); { cat; read -rt 60 -u 3; } | " + client +
                             " | { head -c " + std::to_string(size) + "; echo >&3; }'",
                         datagram);
    }

    static std::string payload() {
        return Pattern(3).bytes(0, sized(300'000, 100'000, 30'000'000));
    }
};

TEST_F(Independent, ncat) {
    if (!has_program("ncat"))
        GTEST_SKIP() << "there is no ncat";
    // From a pipe: it cannot wait for a file.
    const auto bytes = payload();
    EXPECT_TRUE(output_of("cat | ncat 127.0.0.1 7", bytes) == bytes);
    EXPECT_EQ(output_of("cat | ncat 127.0.0.1 9", bytes), "");
    EXPECT_TRUE(Service("tcp_discard").reaches("bytes_received", bytes.size()));
    EXPECT_EQ(output_of("ncat --recv-only 127.0.0.1 13").size(), 26U);
    EXPECT_EQ(output_of("ncat --recv-only 127.0.0.1 19 | head -c 100000"),
              chargen_bytes(0, 100'000));
    EXPECT_EQ(answer_of("ncat -u 127.0.0.1 7", "a datagram", 10), "a datagram");
}

TEST_F(Independent, socat) {
    if (!has_program("socat"))
        GTEST_SKIP() << "there is no socat";
    const auto bytes = payload();
    EXPECT_TRUE(output_of("socat -t 20 - TCP:127.0.0.1:7", bytes) == bytes);
    EXPECT_EQ(output_of("socat -t 20 - TCP:127.0.0.1:9", bytes), "");
    EXPECT_TRUE(Service("tcp_discard").reaches("bytes_received", bytes.size()));
    EXPECT_EQ(output_of("socat -u TCP:127.0.0.1:13 -").size(), 26U);
    EXPECT_EQ(output_of("socat -u TCP:127.0.0.1:37 -").size(), 4U);
    EXPECT_EQ(output_of("socat -u TCP:127.0.0.1:19 - 2>/dev/null | head -c 100000"),
              chargen_bytes(0, 100'000));
    EXPECT_EQ(answer_of("socat - UDP:127.0.0.1:7", "a datagram", 10), "a datagram");
    EXPECT_EQ(output_of("socat -t 0.5 - UDP:127.0.0.1:9", "a datagram"), "");
    EXPECT_EQ(answer_of("socat - UDP:127.0.0.1:13", "now?", 26).size(), 26U);
    EXPECT_EQ(answer_of("socat - UDP:127.0.0.1:37", "now?", 4).size(), 4U);
}

TEST_F(Independent, nc) {
    if (!has_program("nc"))
        GTEST_SKIP() << "there is no nc";
    const auto bytes = payload();
    EXPECT_TRUE(output_of("nc -N 127.0.0.1 7", bytes) == bytes);
    EXPECT_EQ(output_of("nc -N 127.0.0.1 9", bytes), "");
    EXPECT_TRUE(Service("tcp_discard").reaches("bytes_received", bytes.size()));
    EXPECT_EQ(output_of("nc -N 127.0.0.1 13").size(), 26U);
    EXPECT_EQ(output_of("nc -d 127.0.0.1 19 | head -c 100000"), chargen_bytes(0, 100'000));
    EXPECT_EQ(answer_of("nc -u -q 0 127.0.0.1 7", "a datagram", 10), "a datagram");
}

TEST_F(Independent, rdate) {
    if (!has_program("rdate"))
        GTEST_SKIP() << "there is no rdate";
    for (const char *transport : {"", "-u "}) {
        const auto asked = wall_time();
        expect_moment(output_of(std::string("rdate -p ") + transport + "127.0.0.1"), asked);
    }
}

TEST_F(Independent, rdateOfBusybox) {
    if (!has_program("busybox"))
        GTEST_SKIP() << "there is no busybox";
    const auto asked = wall_time();
    expect_moment(output_of("busybox rdate -p 127.0.0.1"), asked);
}

TEST_F(Independent, nmapAsksForTheTime) {
    if (!has_program("nmap"))
        GTEST_SKIP() << "there is no nmap";
    const auto daytime = output_of("nmap -n -Pn -sT -p 13 --script daytime 127.0.0.1");
    EXPECT_NE(daytime.find("|_daytime: "), std::string::npos) << daytime;
    const auto time = output_of("nmap -n -Pn -sU -sT -p T:37,U:37 --script rfc868-time 127.0.0.1");
    const auto first = time.find("|_rfc868-time: ");
    EXPECT_NE(first, std::string::npos) << time;
    EXPECT_NE(time.find("|_rfc868-time: ", first + 1), std::string::npos) << "UDP: " << time;
}

TEST_F(Independent, nmapRecognisesTheServices) {
    if (!has_program("nmap"))
        GTEST_SKIP() << "there is no nmap";
    const auto found = execute("nmap -n -Pn -sT -sV --version-light -p 7,13,19,37 127.0.0.1", "",
                               patience(seconds(60)));
    ASSERT_EQ(found.status, 0) << found.errors;
    for (const char *line : {"7/tcp  open  echo", "13/tcp open  daytime", "19/tcp open  chargen",
                             "37/tcp open  time    (32 bits)"})
        EXPECT_NE(found.output.find(line), std::string::npos) << line << "\n" << found.output;
}

} // namespace
} // namespace kinetd::suite
