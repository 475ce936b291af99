// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/metrics.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

namespace kinetd::ctl {

namespace {

using tree::Object;
using tree::Snapshot;

using Labels = std::vector<std::pair<const char *, std::string>>;

std::string escaped(const std::string &text) {
    std::string result;
    for (const char c : text) {
        if (c == '\n')
            result += "\\n";
        else if (c == '"' || c == '\\')
            result += std::string("\\") + c;
        else
            result += c;
    }
    return result;
}

/// One metric: its head, once, then a line a value.
class Metric {
public:
    Metric(std::string name, const char *type, const char *help) : name_(std::move(name)) {
        text_ = fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
    }

    void add(const Labels &labels, const std::string &value) {
        text_ += name_;
        const char *separator = "{";
        for (const auto &[label, text] : labels) {
            text_ += fmt::format("{}{}=\"{}\"", separator, label, escaped(text));
            separator = ",";
        }
        text_ += (labels.empty() ? " " : "} ") + value + "\n";
        empty_ = false;
    }

    /// The text; nothing where there is no value.
    [[nodiscard]] std::string text() const { return empty_ ? "" : text_; }

private:
    std::string name_;
    std::string text_;
    bool empty_ = true;
};

/// A file of an object and the metric that it is.
struct Source {
    const char *file;
    const char *metric;
    const char *help;
};

enum class Of { tcp, udp, both };

struct ServiceSource {
    Source source;
    Of transport;
    const char *type;
};

constexpr std::array service_sources{
    ServiceSource{{"connections_accepted", "connections_accepted_total", "Connections accepted."},
                  Of::tcp,
                  "counter"},
    ServiceSource{
        {"connections_active", "connections_active", "Connections now."}, Of::tcp, "gauge"},
    ServiceSource{{"connections_closed", "connections_closed_total", "Connections that ended."},
                  Of::tcp,
                  "counter"},
    ServiceSource{{"connections_refused", "connections_refused_total",
                   "Connections closed at once because of a limit."},
                  Of::tcp,
                  "counter"},
    ServiceSource{
        {"connections_timed_out", "connections_timed_out_total", "Connections ended by a timeout."},
        Of::tcp,
        "counter"},
    ServiceSource{
        {"bytes_received", "received_bytes_total", "Bytes received."}, Of::both, "counter"},
    ServiceSource{{"bytes_sent", "sent_bytes_total", "Bytes sent."}, Of::both, "counter"},
    ServiceSource{{"datagrams_received", "datagrams_received_total", "Datagrams received."},
                  Of::udp,
                  "counter"},
    ServiceSource{
        {"datagrams_sent", "datagrams_sent_total", "Datagrams sent."}, Of::udp, "counter"},
    ServiceSource{{"datagrams_dropped", "datagrams_dropped_total",
                   "Datagrams that a rule or a full queue left without an answer."},
                  Of::udp,
                  "counter"},
    ServiceSource{{"errors", "errors_total",
                   "Connections ended by an error, answers that could not be sent."},
                  Of::both,
                  "counter"},
};

constexpr std::array client_sources{
    Source{"sent", "messages_sent_total", "Messages sent since the client was started."},
    Source{"received", "messages_received_total", "Messages that came back as they were sent."},
    Source{"mismatched", "messages_mismatched_total", "Messages that came back changed."},
    Source{"lost", "messages_lost_total", "Messages without an answer."},
    Source{"errors", "errors_total", "Times that the transport failed."},
    Source{"reconnects", "reconnects_total", "Sockets opened after the first."},
};

constexpr std::array round_trips{
    std::pair{"rtt_min_ns", "min"}, std::pair{"rtt_mean_ns", "mean"},
    std::pair{"rtt_p50_ns", "p50"}, std::pair{"rtt_p99_ns", "p99"},
    std::pair{"rtt_max_ns", "max"},
};

std::string nanoseconds(std::uint64_t value) {
    return fmt::format("{}.{:09}", value / 1000000000, value % 1000000000);
}

Labels labels_of(const Object &service) {
    return {{"service", service.name}, {"protocol", service.get("protocol")}};
}

std::string services_text(const Snapshot &snapshot) {
    Metric enabled("kinetd_service_enabled", "gauge", "Whether the service is bound and serves.");
    for (const auto &service : snapshot.services)
        enabled.add(labels_of(service), service.get("enabled"));
    auto text = enabled.text();
    for (const auto &[source, transport, type] : service_sources) {
        Metric metric(std::string("kinetd_service_") + source.metric, type, source.help);
        for (const auto &service : snapshot.services) {
            const auto its = snapshot.transport_of(service) == "udp" ? Of::udp : Of::tcp;
            if (transport == Of::both || transport == its)
                metric.add(labels_of(service), std::to_string(service.stat(source.file)));
        }
        text += metric.text();
    }
    return text;
}

std::string pools_text(const Sample &sample) {
    Metric threads("kinetd_pool_threads", "gauge", "Worker threads of the pool.");
    for (const auto &pool : sample.snapshot.pools)
        threads.add({{"pool", pool.name}}, pool.get("threads"));
    Metric cpu("kinetd_worker_cpu_seconds_total", "counter", "Processor time of a worker.");
    for (const auto &worker : sample.workers)
        cpu.add({{"pool", worker.pool}, {"worker", std::to_string(worker.index)}},
                nanoseconds(worker.cpu_ns));
    return threads.text() + cpu.text();
}

std::string clients_text(const Snapshot &snapshot) {
    Metric running("kinetd_client_running", "gauge", "Whether the client runs.");
    for (const auto &client : snapshot.clients)
        running.add({{"client", client.name}}, client.get("running"));
    auto text = running.text();
    for (const auto &source : client_sources) {
        Metric metric(std::string("kinetd_client_") + source.metric, "counter", source.help);
        for (const auto &client : snapshot.clients)
            metric.add({{"client", client.name}}, std::to_string(client.stat(source.file)));
        text += metric.text();
    }
    Metric rtt("kinetd_client_round_trip_seconds", "gauge",
               "Round trips since the client was started, by statistic.");
    for (const auto &client : snapshot.clients)
        for (const auto &[file, statistic] : round_trips)
            rtt.add({{"client", client.name}, {"statistic", statistic}},
                    nanoseconds(client.stat(file)));
    return text + rtt.text();
}

} // namespace

std::string metrics_text(const Sample &sample) {
    Metric up("kinetd_up", "gauge", "Whether kinetd is loaded.");
    up.add({}, sample.loaded ? "1" : "0");
    if (!sample.loaded)
        return up.text();
    Metric info("kinetd_info", "gauge", "The release that is loaded; always 1.");
    info.add({{"version", sample.snapshot.version}}, "1");
    return up.text() + info.text() + services_text(sample.snapshot) + pools_text(sample) +
           clients_text(sample.snapshot);
}

} // namespace kinetd::ctl
