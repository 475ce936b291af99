// SPDX-License-Identifier: GPL-2.0
/// \file
/// kinetctl apply and save against the kernel: a file comes into force while clients are served.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/command.hpp"
#include "support/fixture.hpp"
#include "support/tools.hpp"

namespace kinetd::suite {
namespace {

/// The configuration of one echo service.
std::string echo(const std::string &name, std::uint16_t port, const std::string &more = "") {
    return "[services." + name + "]\nprotocol = \"tcp_echo\"\nport = " + std::to_string(port) +
           "\n" + more + "\n";
}

class KinetctlApply : public testing::Test {
protected:
    void SetUp() override {
        const std::string modules = std::getenv("KINETD_MODULES");
        program_ = modules + "/../tools/kinetctl";
        if (!exists(program_))
            GTEST_SKIP() << program_ << " is not built (make tools)";
        ASSERT_EQ(::setenv("KINETD_MODULE_DIR", modules.c_str(), 1), 0);
    }
    void TearDown() override { (void)::unsetenv("KINETD_MODULE_DIR"); }

    /// Modules come from the host's disk, and who has a port from all of /proc: not always quick.
    static Outcome run(const std::string &command) {
        return execute(command, "", patience(seconds(90)));
    }
    [[nodiscard]] Outcome kinetctl(const std::string &arguments) const {
        return run(program_ + " " + arguments);
    }

    /// Puts a text into the file and applies that.
    [[nodiscard]] Outcome apply(const std::string &text, const std::string &options = "") const {
        std::ofstream(file_) << text;
        return kinetctl("apply " + file_ + " " + options);
    }
    void expect_applied(const std::string &text) const {
        const auto outcome = apply(text);
        EXPECT_EQ(outcome.status, 0) << outcome.errors;
        EXPECT_EQ(outcome.errors, "");
        expect_nothing_to_do();
    }
    void expect_nothing_to_do() const {
        const auto again = kinetctl("apply --dry-run " + file_);
        EXPECT_EQ(again.status, 0) << again.output << again.errors;
        EXPECT_EQ(again.output, "");
    }
    [[nodiscard]] std::string saved() const { return kinetctl("save").output; }

    static void expect_echo(std::uint16_t port) {
        const auto socket = connect_to({"127.0.0.1", port});
        ASSERT_TRUE(socket.ok()) << socket.text();
        EXPECT_TRUE(round_trip(*socket, "hello").ok());
    }

    std::string program_;
    std::string file_ = "/tmp/kinetd.toml";
    std::uint16_t port_ = fresh_port();
    std::uint16_t other_ = fresh_port();
};

/// What it says, or leaves alone.
class KinetctlApplyWords : public KinetctlApply {
protected:
    void SetUp() override {
        if (is_debug_kernel())
            GTEST_SKIP() << same_words;
        KinetctlApply::SetUp();
    }
};

TEST_F(KinetctlApply, bringsUpAKernelWithoutModules) {
    const auto text = echo("web", port_, "max_connections = 5\n") + "[pools.fast]\nthreads = 3\n" +
                      "[services.clock]\nprotocol = \"udp_time\"\npool = \"fast\"\n";
    expect_applied(text);
    expect_echo(port_);
    EXPECT_EQ(Service("web").get("max_connections"), "5");
    EXPECT_EQ(Service("clock").get("pool"), "fast");
    EXPECT_EQ(Pool("fast").get("threads"), "3");
    EXPECT_EQ(list(sysfs_root + "/services"), (std::vector<std::string>{"clock", "web"}));
}

TEST_F(KinetctlApply, keepsConnections) {
    expect_applied(echo("web", port_));
    Traffic traffic({"127.0.0.1", port_}, 4);
    ASSERT_TRUE(traffic.flows());
    expect_applied(echo("web", other_,
                        "address = \"0.0.0.0\"\nmax_per_source = 100\n"
                        "idle_timeout_ms = 60000\npool = \"fast\"\n") +
                   "[pools.default]\nthreads = 3\n[pools.fast]\nthreads = 1\n");
    EXPECT_TRUE(traffic.flows());
    expect_echo(other_);
    EXPECT_EQ(traffic.finish(), "");
}

TEST_F(KinetctlApply, swapsPortsUnderConnections) {
    expect_applied(echo("a", port_) + echo("b", other_));
    const auto of_a = connect_to({"127.0.0.1", port_}).value();
    const auto of_b = connect_to({"127.0.0.1", other_}).value();
    for (const auto *socket : {&of_a, &of_b})
        ASSERT_TRUE(round_trip(*socket, "before").ok());
    expect_applied(echo("a", other_) + echo("b", port_));
    for (const auto *socket : {&of_a, &of_b})
        EXPECT_TRUE(round_trip(*socket, "after").ok());
    EXPECT_EQ(Service("a").get("port"), std::to_string(other_));
    expect_echo(port_);
}

TEST_F(KinetctlApplyWords, writesNothingTheSecondTime) {
    if (!has_program("strace"))
        GTEST_SKIP() << "there is no strace";
    expect_applied(echo("web", port_) + "[pools.default]\nthreads = 2\n");
    const std::string trace = "strace -f -o /tmp/trace -e trace=open,openat,openat2,creat,"
                              "init_module,finit_module,delete_module ";
    ASSERT_EQ(run(trace + program_ + " apply " + file_).status, 0);
    const auto calls = read_file("/tmp/trace").value();
    EXPECT_NE(calls.find(sysfs_root + "/services/web/port"), std::string::npos) << "saw nothing";
    for (const auto *call : {"O_WRONLY", "O_RDWR", "creat(", "init_module", "delete_module"})
        EXPECT_EQ(calls.find(call), std::string::npos) << call;
    // What does write is seen.
    std::ofstream(file_) << echo("web", port_) << "[pools.default]\nthreads = 3\n";
    ASSERT_EQ(run(trace + program_ + " apply " + file_).status, 0);
    EXPECT_NE(read_file("/tmp/trace").value().find("threads\", O_WRONLY"), std::string::npos);
}

TEST_F(KinetctlApplyWords, takesBackWhatItDidWhereAPortIsTaken) {
    expect_applied(echo("web", port_) + "[pools.default]\nthreads = 2\n");
    const auto before = saved();
    const auto client = connect_to({"127.0.0.1", port_}).value();
    const auto squatter = listen_on({"127.0.0.1", other_}).value();
    const auto outcome =
        apply("[pools.default]\nthreads = 3\n[pools.new]\n" + echo("web", other_) +
              echo("more", fresh_port()) + "[services.u]\nprotocol = \"udp_echo\"\n");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.errors.rfind(file_ + ":6: services.web.port: ", 0), 0U) << outcome.errors;
    EXPECT_NE(outcome.errors.find("taken"), std::string::npos) << outcome.errors;
    EXPECT_NE(outcome.errors.find("all is as it was before\n"), std::string::npos);
    EXPECT_EQ(split(outcome.errors, '\n').size(), 1U) << outcome.errors;
    EXPECT_EQ(saved(), before);
    EXPECT_FALSE(is_loaded(udp_echo_name));
    EXPECT_TRUE(round_trip(client, "still here?").ok());
}

TEST_F(KinetctlApplyWords, tellsAMistakeBeforeItWrites) {
    const auto outcome = apply(echo("web", port_) + "[pools.default]\nthreads = 0\n");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.errors, file_ + ":6: pools.default: threads = 0 is out of range; it takes a "
                                      "number, 1 to 1024\n");
    EXPECT_FALSE(is_loaded(core_name));
}

TEST_F(KinetctlApply, comesBackToWhatWasSaved) {
    expect_applied(echo("web", port_) + "[services.tell]\nprotocol = \"udp_notify\"\n");
    for (const auto &[key, value] : std::vector<std::pair<std::string, std::string>>{
             {"backlog", "7"}, {"max_per_source", "9"}, {"address", "127.0.0.2"}})
        ASSERT_TRUE(Service("web").set(key, value).ok());
    ASSERT_TRUE(Service("tell").set("message", "a \"b\" \\ ü").ok());
    ASSERT_TRUE(Pool("default").set("nice", -3).ok());
    ASSERT_EQ(kinetctl("save " + file_).status, 0);
    const auto kept = saved();
    EXPECT_EQ(read_file(file_).value(), kept);
    expect_nothing_to_do();

    const auto copy = file_ + ".old";
    std::filesystem::rename(file_, copy);
    ASSERT_EQ(apply(echo("web", other_) + "[pools.default]\nnice = 0\n", "--prune").status, 0);
    EXPECT_NE(saved(), kept);
    std::filesystem::rename(copy, file_);
    EXPECT_EQ(kinetctl("apply --dry-run " + file_).status, 6);
    EXPECT_NE(saved(), kept) << "a dry run has written";
    ASSERT_EQ(kinetctl("apply " + file_).status, 0);
    EXPECT_EQ(saved(), kept);
}

/// What systemd would run, as the unit has it, without systemd.
TEST_F(KinetctlApplyWords, doesWhatTheUnitSays) {
    const auto unit = read_file("tools/systemd/kinetd.service").value();
    const auto do_as = [&](const std::string &key) {
        const auto begin = unit.find("\n" + key + "=") + key.size() + 2;
        return run(unit.substr(begin, unit.find('\n', begin) - begin));
    };
    std::filesystem::create_directories("/etc/kinetd");
    std::filesystem::create_directories("/usr/sbin");
    std::filesystem::remove("/usr/sbin/kinetctl");
    std::filesystem::create_symlink(std::filesystem::canonical(program_), "/usr/sbin/kinetctl");
    std::ofstream("/etc/kinetd/kinetd.toml") << echo("web", port_);
    const auto started = do_as("ExecStart");
    EXPECT_EQ(started.status, 0) << started.errors;
    const auto client = connect_to({"127.0.0.1", port_}).value();
    ASSERT_TRUE(round_trip(client, "before").ok());
    std::ofstream("/etc/kinetd/kinetd.toml") << echo("web", other_);
    EXPECT_EQ(do_as("ExecReload").status, 0);
    EXPECT_TRUE(round_trip(client, "after").ok());
    expect_echo(other_);
    const auto stopped = do_as("ExecStop");
    EXPECT_EQ(stopped.status, 0) << stopped.errors;
    EXPECT_FALSE(is_loaded(core_name));
}

} // namespace
} // namespace kinetd::suite
