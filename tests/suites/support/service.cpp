// SPDX-License-Identifier: GPL-2.0
#include "support/service.hpp"

#include "support/exec.hpp"
#include "support/file.hpp"

namespace kinetd::suite {

bool Folder::present() const {
    return exists(path_);
}

std::string Folder::get(const std::string &attribute) const {
    return read_line(path_ + "/" + attribute).value();
}

std::uint64_t Folder::number(const std::string &attribute) const {
    return read_number(path_ + "/" + attribute).value();
}

Status Folder::set(const std::string &attribute, const std::string &value) const {
    return write_file(path_ + "/" + attribute, value + "\n");
}

Status Folder::set(const std::string &attribute, std::int64_t value) const {
    return set(attribute, std::to_string(value));
}

Status Folder::set_raw(const std::string &attribute, std::string_view bytes) const {
    return write_file(path_ + "/" + attribute, bytes);
}

bool Service::reaches(const std::string &counter, std::uint64_t value, Milliseconds limit) const {
    return wait_for([&] { return stat(counter) == value; }, limit);
}

bool Service::comes_to_rest(Milliseconds limit) const {
    return wait_for(
        [&] { return active() == 0 && stat("connections_accepted") == stat("connections_closed"); },
        limit);
}

Status new_service(const std::string &name, const std::string &protocol) {
    auto made = write_file(sysfs_root + "/protocols/" + protocol + "/new_service", name + "\n");
    if (made)
        obey_environment(name);
    return made;
}

Status delete_service(const std::string &name, const std::string &protocol) {
    return write_file(sysfs_root + "/protocols/" + protocol + "/delete_service", name + "\n");
}

Status new_pool(const std::string &name) {
    return write_file(sysfs_root + "/new_pool", name + "\n");
}

Status delete_pool(const std::string &name) {
    return write_file(sysfs_root + "/delete_pool", name + "\n");
}

} // namespace kinetd::suite
