// SPDX-License-Identifier: GPL-2.0
#include "support/client.hpp"

#include "support/file.hpp"

namespace kinetd::suite {

Status insert_client() {
    return insert_protocol(client_name, "");
}

Removal remove_client() {
    return remove_protocol(client_name);
}

Status new_client(const std::string &name) {
    return write_file(sysfs_root + "/clients/new_client", name + "\n");
}

Status delete_client(const std::string &name) {
    return write_file(sysfs_root + "/clients/delete_client", name + "\n");
}

bool client_threads_are_gone() {
    return wait_for([] { return client_threads().empty(); }, patience(seconds(1)));
}

std::vector<Thread> client_threads() {
    return threads_named("kinetd_client/");
}

Client Client::make(const std::string &name, Settings settings) {
    new_client(name).value();
    Client client(name);
    client.configure(settings);
    return client;
}

void Client::configure(Settings settings) const {
    for (const auto &[attribute, value] : settings)
        set(attribute, value).value();
}

Status Client::run(Milliseconds limit) const {
    auto started = start();
    if (started && !ends(limit))
        return Error{ETIMEDOUT, "running: " + summary()};
    return started;
}

bool Client::ends(Milliseconds limit) const {
    return wait_for([this] { return !running(); }, limit);
}

bool Client::grows(const std::string &counter, std::uint64_t by, Milliseconds limit) const {
    const auto goal = stat(counter) + by;
    return wait_for([&] { return stat(counter) >= goal; }, limit);
}

std::string Client::summary() const {
    std::string text;
    for (const auto &counter : list(path() + "/stats"))
        text += (text.empty() ? "" : " ") + counter + "=" + std::to_string(stat(counter));
    return text;
}

} // namespace kinetd::suite
