// SPDX-License-Identifier: GPL-2.0
/// \file
/// kinetload, the load generator: against the services it says what they count, and of servers that
/// do wrong it says what.
#include <signal.h>

#include <cstdlib>
#include <map>
#include <sstream>
#include <thread>

#include "support/command.hpp"
#include "support/fixture.hpp"
#include "support/peer.hpp"
#include "support/tools.hpp"

namespace kinetd::suite {
namespace {

std::string program() {
    return std::string(std::getenv("KINETD_MODULES")) + "/../tools/kinetload";
}

/// What a run reported, by the names in its CSV.
struct Load {
    int status = -1;
    std::map<std::string, std::string> fields{};
    std::string errors{};

    [[nodiscard]] std::uint64_t operator[](const std::string &name) const {
        const auto found = fields.find(name);
        return found == fields.end() ? ~0ULL : std::strtoull(found->second.c_str(), nullptr, 10);
    }
};

Load read_load(const Outcome &outcome) {
    Load load{outcome.status, {}, outcome.errors};
    std::istringstream lines(outcome.output);
    std::string names;
    std::string values;
    std::getline(lines, names);
    std::getline(lines, values);
    std::istringstream name(names);
    std::istringstream value(values);
    for (std::string n, v; std::getline(name, n, ',') && std::getline(value, v, ',');)
        load.fields[n] = v;
    return load;
}

std::string text_of(const Endpoint &at) {
    return at.address() + ":" + std::to_string(at.port());
}

std::string command_for(const std::string &protocol, const Endpoint &at, const std::string &more) {
    const auto *patient = more.find("--timeout") == std::string::npos ? " --timeout 15s" : "";
    return program() + " " + protocol + " " + text_of(at) + " --csv -q " + more + patient;
}

Load run_load(const std::string &protocol, const Endpoint &at, const std::string &more) {
    return read_load(execute(command_for(protocol, at, more)));
}

void expect_all_well(const Load &load, std::uint64_t messages) {
    ASSERT_EQ(load.status, 0) << load.errors;
    EXPECT_EQ(load["sent"], messages);
    EXPECT_EQ(load["answered"], messages);
    for (const char *name : {"lost", "mismatched", "duplicates", "unexpected", "overdue",
                             "connect_failures", "connections_lost"})
        EXPECT_EQ(load[name], 0U) << name;
}

/// One that goes on until it is told to end, or by itself.
class Background {
public:
    explicit Background(const std::string &command)
        : thread_([this, command] {
              outcome_ = execute("echo $$ >" + pid_file_ + "; exec " + command);
          }) {}
    ~Background() { (void)wait(); }
    Background(const Background &) = delete;
    Background &operator=(const Background &) = delete;

    void interrupt() const {
        (void)::kill(static_cast<pid_t>(read_number(pid_file_).value()), SIGINT);
    }
    /// None is pending any more: two at once would be one.
    [[nodiscard]] bool took_interrupt() const {
        const auto status =
            read_file("/proc/" + std::to_string(read_number(pid_file_).value()) + "/status");
        return status && status->find("ShdPnd:\t0000000000000000") != std::string::npos;
    }
    const Outcome &wait() {
        if (thread_.joinable())
            thread_.join();
        return outcome_;
    }

private:
    const std::string pid_file_ = "/run/kinetload.pid";
    Outcome outcome_;
    std::thread thread_;
};

class LoadEcho : public EchoTest {};

TEST_F(LoadEcho, closedLoop) {
    const auto load = run_load("tcp_echo", at(), "-c 4 -n 400 -w 40");
    expect_all_well(load, 400);
    EXPECT_EQ(load["bytes"], 25'600U);
    EXPECT_GT(load["latency_p50_ns"], 0U);
    EXPECT_GE(load["latency_max_ns"], load["latency_p999_ns"]);
    EXPECT_EQ(service_.stat("bytes_received"), 440U * 64);
    EXPECT_EQ(service_.stat("connections_accepted"), 4U);
}

TEST_F(LoadEcho, oneConnection) {
    expect_all_well(run_load("tcp_echo", at(), "-n 200 -w 0"), 200);
    EXPECT_EQ(service_.stat("bytes_received"), 200U * 64);
}

TEST_F(LoadEcho, pipelinedOnTwoThreadsAndOfManySizes) {
    expect_all_well(run_load("tcp_echo", at(), "-c 4 -t 2 --depth 8 -n 500 -s uniform:1-5000"),
                    500);
    expect_all_well(run_load("tcp_echo", at(), "--depth 4 -n 12 -w 0 -s uniform:64-300k"), 12);
}

TEST_F(LoadEcho, openLoopSendsWhatIsDue) {
    const auto load = run_load("tcp_echo", at(), "-c 3 -r 300 -d 500ms -w 0");
    EXPECT_EQ(load.status, 0) << load.errors;
    EXPECT_EQ(load["sent"] + load["unsent"], 150U);
    EXPECT_EQ(load["answered"], load["sent"]);
}

TEST_F(LoadEcho, churn) {
    const auto load = run_load("tcp_echo", at(), "--churn -c 4 -n 60 -w 0");
    expect_all_well(load, 60);
    EXPECT_EQ(load["connects"], 60U);
    EXPECT_GT(load["connect_p50_ns"], 0U);
    EXPECT_TRUE(service_.reaches("connections_closed", 60));
    EXPECT_EQ(service_.stat("connections_accepted"), 60U);
}

TEST_F(LoadEcho, theServerGoesAwayInTheMiddle) {
    Background run(command_for("tcp_echo", at(), "-c 4 -d 60s -w 0"));
    ASSERT_TRUE(
        wait_for([&] { return service_.stat("bytes_received") > 1000; }, patience(seconds(10))));
    EXPECT_TRUE(unload().status.ok());
    const auto load = read_load(run.wait());
    EXPECT_EQ(load.status, 1) << load.errors;
    EXPECT_EQ(load["connections_lost"], 4U);
    EXPECT_EQ(load["sent"], load["answered"] + load["lost"]);
    EXPECT_GT(load["answered"], 0U);
}

TEST_F(LoadEcho, interruptedItReports) {
    Background run(command_for("tcp_echo", at(), "-c 4 -d 60s -w 0"));
    ASSERT_TRUE(
        wait_for([&] { return service_.stat("bytes_received") > 1000; }, patience(seconds(10))));
    run.interrupt();
    const auto load = read_load(run.wait());
    EXPECT_EQ(load.status, 0) << load.errors;
    EXPECT_EQ(load["sent"], load["answered"]);
    EXPECT_GT(load["answered"], 10U);
}

/// On a terminal, which script(1) is, it says how it is going, and wipes that away.
TEST_F(LoadEcho, progressOnATerminal) {
    if (!has_program("script"))
        GTEST_SKIP() << "there is no script";
    const auto outcome = execute("TERM=dumb script -qec '" + program() + " tcp_echo " +
                                 text_of(at()) + " -d 700ms -w 0' /dev/null");
    EXPECT_EQ(outcome.status, 0);
    const auto first = outcome.output.find(" messages  ");
    const auto wiped = outcome.output.rfind("\r\033[K");
    const auto result = outcome.output.find("tcp_echo 127.0.0.1");
    ASSERT_NE(first, std::string::npos) << outcome.output;
    EXPECT_LT(first, wiped);
    EXPECT_LT(wiped, result);
}

class LoadDatagrams : public ProtocolTest {
protected:
    LoadDatagrams() : ProtocolTest(udp_echo_name, "udp_echo") {}
};

TEST_F(LoadDatagrams, closedAndOpenLoop) {
    expect_all_well(run_load("udp_echo", at(), "-n 200 -w 0"), 200);
    EXPECT_EQ(service_.stat("datagrams_received"), 200U);
    expect_all_well(run_load("udp_echo", at(), "-c 3 --depth 4 -n 400 -s uniform:8-3000"), 400);
    const auto load = run_load("udp_echo", at(), "-c 3 -r 300 -d 500ms -w 0");
    EXPECT_EQ(load.status, 0) << load.errors;
    EXPECT_EQ(load["sent"] + load["unsent"], 150U);
}

class LoadDiscard : public ProtocolTest {
protected:
    LoadDiscard() : ProtocolTest(discard_name, "tcp_discard") {}
};

TEST_F(LoadDiscard, theServerCountsTheSame) {
    expect_all_well(run_load("tcp_discard", at(), "-c 2 -n 300 -w 0 -s 10k"), 300);
    EXPECT_EQ(service_.stat("bytes_received"), 300U * 10240);
    expect_all_well(run_load("tcp_discard", at(), "--churn -n 50 -w 0 --reset"), 50);
    EXPECT_EQ(service_.stat("bytes_received"), 300U * 10240 + 50 * 64);
    expect_all_well(run_load("udp_discard", at(), "-r 500 -n 100 -w 0"), 100);
    EXPECT_TRUE(Service("udp_discard").reaches("datagrams_received", 100));
}

class LoadChargen : public ProtocolTest {
protected:
    LoadChargen() : ProtocolTest(chargen_name, "tcp_chargen") {}
};

TEST_F(LoadChargen, streamsAndConnections) {
    expect_all_well(run_load("tcp_chargen", at(), "-c 2 -n 300 -s 7k"), 300);
    expect_all_well(run_load("tcp_chargen", at(), "--churn -c 2 -n 50 -w 0 -s 100"), 50);
}

/// Servers of the test's own, and none at all.
class LoadTrouble : public CoreTest {
protected:
    void SetUp() override {
        if (is_debug_kernel())
            GTEST_SKIP() << same_words;
        CoreTest::SetUp();
    }

    const Endpoint at_{"127.0.0.1", fresh_port()};
};

TEST_F(LoadTrouble, aByteIsAltered) {
    std::size_t seen = 0;
    const StreamPeer server(at_, [&](std::string_view bytes) {
        std::string answer(bytes);
        if (seen <= 1000 && seen + answer.size() > 1000)
            answer[1000 - seen] = static_cast<char>(answer[1000 - seen] ^ 0x10);
        seen += answer.size();
        return std::optional(answer);
    });
    const auto load = run_load("tcp_echo", at_, "-n 100 -w 0");
    EXPECT_EQ(load.status, 1);
    EXPECT_EQ(load["answered"], 100U);
    EXPECT_EQ(load["mismatched"], 1U);
}

TEST_F(LoadTrouble, datagramsAreAlteredDoubledLostAndExchanged) {
    std::size_t count = 0;
    std::string kept;
    const DatagramPeer server(at_, [&](std::string bytes) -> std::vector<std::string> {
        switch (++count) {
        case 5:
            bytes[20] = static_cast<char>(bytes[20] ^ 1);
            return {bytes};
        case 10:
            return {bytes, bytes};
        case 15:
            return {};
        case 20:
            kept = bytes;
            return {};
        case 21:
            return {bytes, kept};
        default:
            return {bytes};
        }
    });
    const auto load = run_load("udp_echo", at_, "-n 100 -w 0 --depth 4 --timeout 500ms");
    EXPECT_EQ(load.status, 1);
    EXPECT_EQ(load["sent"], 100U);
    EXPECT_EQ(load["answered"], 99U);
    EXPECT_EQ(load["lost"], 1U);
    EXPECT_EQ(load["mismatched"], 1U);
    EXPECT_EQ(load["duplicates"], 1U);
    EXPECT_EQ(load["reordered"], 1U);
}

TEST_F(LoadTrouble, nobodyAnswers) {
    {
        const StreamPeer server(at_, StreamPeer::silence);
        const auto load = run_load("tcp_echo", at_, "-n 10 -w 0 --timeout 300ms");
        EXPECT_EQ(load.status, 3);
        EXPECT_NE(load.errors.find("no answer within --timeout"), std::string::npos) << load.errors;
    }
    const DatagramPeer server(at_, DatagramPeer::silence);
    const auto load = run_load("udp_echo", at_, "-n 8 -c 4 -w 0 --timeout 200ms");
    EXPECT_EQ(load.status, 1);
    EXPECT_EQ(load["lost"], 8U);
}

TEST_F(LoadTrouble, thereIsNoServer) {
    for (const char *what : {"tcp_echo", "tcp_echo", "udp_echo"}) {
        const auto load = run_load(what, at_, "-n 10 -w 0");
        EXPECT_EQ(load.status, 3) << what;
        EXPECT_NE(load.errors.find("Connection refused"), std::string::npos) << load.errors;
    }
    EXPECT_EQ(run_load("tcp_echo", at_, "-n 10 -w 0 --churn").status, 3);
}

TEST_F(LoadTrouble, aSecondInterruptEndsIt) {
    const StreamPeer server(at_, StreamPeer::silence);
    Background run(command_for("tcp_echo", at_, "-c 2 -w 0 --timeout 60s"));
    ASSERT_TRUE(wait_for([&] { return server.heard() > 0; }, patience(seconds(10))));
    const Stopwatch watch;
    run.interrupt();
    ASSERT_TRUE(wait_for([&] { return run.took_interrupt(); }, patience(seconds(5))));
    run.interrupt();
    EXPECT_EQ(run.wait().status, 128 + SIGINT);
    EXPECT_LT(watch.elapsed(), patience(seconds(5)));
}

TEST_F(LoadTrouble, tooFewDescriptors) {
    const auto outcome = execute("ulimit -n 64; setpriv --reuid 65534 --clear-groups " +
                                 command_for("tcp_echo", at_, "-c 100"));
    EXPECT_EQ(outcome.status, 3);
    EXPECT_NE(outcome.errors.find("ulimit -n 117"), std::string::npos) << outcome.errors;
}

} // namespace
} // namespace kinetd::suite
