// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/sample.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <tuple>

#include "kinetctl/table.hpp"
#include "tree/file.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *kthreadd = "2"; ///< the parent of all kthreads

std::uint64_t to_number(const std::string &text) {
    return std::strtoull(text.c_str(), nullptr, 10);
}

/// Time on a processor: exact where the kernel keeps schedstat, else in clock ticks.
std::uint64_t cpu_time(const std::string &process, std::uint64_t ticks) {
    const auto exact = tree::read_file(process + "/schedstat");
    if (exact && to_number(*exact) != 0)
        return to_number(*exact);
    static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    return ticks * (1000000000 / per_second);
}

/// "12 (kinetd/default/0) S 2 ...": a name may hold parentheses.
std::optional<Worker> parse_worker(const std::string &process, const std::string &stat) {
    const auto begin = stat.find('(') + 1;
    const auto end = stat.rfind(')');
    const std::string prefix = "kinetd/";
    if (begin == 0 || end == std::string::npos || stat.compare(begin, prefix.size(), prefix) != 0)
        return std::nullopt;
    const auto name = stat.substr(begin + prefix.size(), end - begin - prefix.size());
    const auto slash = name.rfind('/');
    std::istringstream rest(stat.substr(end + 1));
    std::vector<std::string> fields;
    for (std::string field; rest >> field;)
        fields.push_back(field);
    if (slash == std::string::npos || fields.size() < 13 || fields[1] != kthreadd)
        return std::nullopt;
    return Worker{name.substr(0, slash), static_cast<unsigned>(to_number(name.substr(slash + 1))),
                  std::atoi(stat.c_str()),
                  cpu_time(process, to_number(fields[11]) + to_number(fields[12]))};
}

double per_second(std::uint64_t before, std::uint64_t after, double seconds) {
    // A smaller value is that of another object of the same name.
    const auto difference = after >= before ? after - before : after;
    return seconds > 0 ? static_cast<double>(difference) / seconds : 0;
}

ServiceRate rate_of(const tree::Object *before, const tree::Object &after, bool is_udp,
                    double seconds) {
    const auto rate = [&](auto counter) {
        return per_second(before != nullptr ? counter(*before) : 0, counter(after), seconds);
    };
    const auto of = [](const char *name) {
        return [name](const tree::Object &service) { return service.stat(name); };
    };
    ServiceRate result;
    result.name = after.name;
    result.place = place_of(after);
    result.up = after.get("enabled") == "1";
    result.is_udp = is_udp;
    result.active = after.stat("connections_active");
    result.arrivals = rate(of(is_udp ? "datagrams_received" : "connections_accepted"));
    result.received = rate(of("bytes_received"));
    result.sent = rate(of("bytes_sent"));
    result.lost = rate(lost_by);
    return result;
}

ClientRate rate_of(const tree::Object *before, const tree::Object &after, double seconds) {
    const auto rate = [&](const char *counter) {
        return per_second(before != nullptr ? before->stat(counter) : 0, after.stat(counter),
                          seconds);
    };
    return {after.name,         rate("sent"), rate("received"),
            rate("mismatched"), rate("lost"), rate("errors")};
}

} // namespace

std::vector<Worker> read_workers(const std::string &proc) {
    std::vector<Worker> workers;
    for (const auto &pid : tree::list_folder(proc)) {
        if (pid.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const auto process = proc + "/" + pid;
        const auto stat = tree::read_file(process + "/stat");
        if (!stat)
            continue;
        if (auto worker = parse_worker(process, *stat))
            workers.push_back(*std::move(worker));
    }
    std::sort(workers.begin(), workers.end(), [](const Worker &a, const Worker &b) {
        return std::tie(a.pool, a.index) < std::tie(b.pool, b.index);
    });
    return workers;
}

Sample take_sample(const tree::Tree &tree, const std::string &proc) {
    const std::chrono::duration<double> now = std::chrono::steady_clock::now().time_since_epoch();
    Sample sample;
    sample.seconds = now.count();
    auto snapshot = tree.read_snapshot();
    sample.loaded = snapshot.ok();
    if (snapshot) {
        sample.snapshot = *std::move(snapshot);
        sample.workers = read_workers(proc);
    }
    return sample;
}

Rates rates_between(const Sample &before, const Sample &after) {
    Rates rates;
    rates.seconds = after.seconds - before.seconds;
    for (const auto &service : after.snapshot.services)
        rates.services.push_back(rate_of(before.snapshot.find(tree::Kind::service, service.name),
                                         service, after.snapshot.transport_of(service) == "udp",
                                         rates.seconds));
    for (const auto &client : after.snapshot.clients)
        rates.clients.push_back(
            rate_of(before.snapshot.find(tree::Kind::client, client.name), client, rates.seconds));
    for (const auto &worker : after.workers) {
        const auto same = std::find_if(before.workers.begin(), before.workers.end(),
                                       [&](const Worker &w) { return w.pid == worker.pid; });
        const auto since = same != before.workers.end() ? same->cpu_ns : 0;
        rates.workers.push_back(
            {worker.name(), worker.pid, per_second(since, worker.cpu_ns, rates.seconds) / 1e9});
    }
    return rates;
}

ServiceRate total_of(const std::vector<ServiceRate> &services) {
    ServiceRate total;
    total.name = "total";
    for (const auto &service : services) {
        total.active += service.active;
        total.arrivals += service.arrivals;
        total.received += service.received;
        total.sent += service.sent;
        total.lost += service.lost;
    }
    return total;
}

} // namespace kinetd::ctl
