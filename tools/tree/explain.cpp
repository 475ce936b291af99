// SPDX-License-Identifier: GPL-2.0
#include "tree/explain.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "tree/key.hpp"
#include "tree/subject.hpp"

namespace kinetd::tree {

namespace {

constexpr const char *name_values = "1 to 31 characters of a-z, 0-9, _ and -";

std::string of_place(const Context &context) {
    return context.address.find(':') == std::string::npos
               ? fmt::format("port {} on {}", context.port, context.address)
               : fmt::format("port {} on [{}]", context.port, context.address);
}

/// "; there are: a, b" or nothing.
std::string alternatives(const Context &context, const char *words) {
    return context.known.empty() ? "" : fmt::format("; {}: {}", words, context.known);
}

std::string not_there(const Subject &subject, const Context &context) {
    if (!context.root_exists)
        return "kinetd is not loaded: kinetctl load tcp_echo loads it with an echo service";
    if (subject.key == "new_client" || subject.key == "delete_client") {
        if (context.object_exists && subject.key == "delete_client")
            return fmt::format("there is no client {}{}", context.value,
                               alternatives(context, "there are"));
        return "clients need the module kinetd_client: kinetctl load kinetd_client";
    }
    if (!context.object_exists && subject.kind == Kind::protocol)
        return fmt::format("protocol {} is not loaded: kinetctl load {}{}", subject.name,
                           subject.name, alternatives(context, "loaded are"));
    if (subject.is_delete())
        return fmt::format("there is no {} {}{}", subject.noun(), context.value,
                           alternatives(context, "there are"));
    if (!context.object_exists)
        return fmt::format("there is no {} {}{}", name_of(subject.kind), subject.name,
                           alternatives(context, "there are"));
    if (subject.key == "pool")
        return fmt::format("there is no pool {}: kinetctl add pool {} makes it{}", context.value,
                           context.value, alternatives(context, "there are"));
    return fmt::format("{} {} has no {}{}", name_of(subject.kind), subject.name, subject.key,
                       alternatives(context, "it has"));
}

std::string busy(const Subject &subject, const Context &context) {
    if (subject.key == "delete_pool" && context.value == "default")
        return "pool default cannot be deleted: it is there for whatever names no other";
    if (subject.key == "delete_pool")
        return fmt::format("pool {} is in use{}; set them pool=default, and wait for their "
                           "connections to end",
                           context.value, alternatives(context, "by services"));
    return fmt::format("client {} is running: kinetctl set {} running=0 before {}={}", subject.name,
                       subject.name, subject.key, context.value);
}

std::string taken(const Context &context) {
    if (context.port.empty())
        return "the port is taken by another socket";
    if (context.holder.empty())
        return fmt::format("{} is taken by another socket: choose another port", of_place(context));
    return fmt::format("{} is taken (by {}): end that, or choose another port", of_place(context),
                       context.holder);
}

std::string invalid(const Subject &subject, const Context &context) {
    const auto values = values_of(subject.key);
    if (values.empty())
        return fmt::format("{}={} is not a value that {} takes", subject.key, context.value,
                           context.subject);
    if (subject.is_new())
        return fmt::format("'{}' is no name for a {}: it must be {}", context.value, subject.noun(),
                           values);
    return fmt::format("{}={} is refused: {} takes {}", subject.key, context.value, subject.key,
                       values);
}

/// The kernel lets nobody open a read-only file for writing, not even root: EACCES. EPERM is what
/// the store says to whom lacks the capability.
std::string forbidden(int code, const Context &context) {
    if (context.is_root && code == EACCES)
        return fmt::format("{} is read-only", context.subject);
    if (context.is_root)
        return fmt::format("{}: needs CAP_NET_ADMIN, which this process does not have",
                           context.subject);
    return fmt::format("{}: only root may: run it with sudo", context.subject);
}

std::string other(int code, const Context &context) {
    return context.value.empty()
               ? fmt::format("{}: {}", context.subject, std::strerror(code))
               : fmt::format("{}={}: {}", context.subject, context.value, std::strerror(code));
}

} // namespace

std::string values_of(const std::string &key) {
    if (key.rfind("new_", 0) == 0)
        return name_values;
    const auto *known = find_key(key);
    return known != nullptr ? std::string(known->values) : "";
}

std::string explain(int code, const Context &context) {
    const auto subject = parse_subject(context.subject);
    switch (code) {
    case EPERM:
    case EACCES:
        return forbidden(code, context);
    case ENOENT:
        return not_there(subject, context);
    case EINVAL:
        return invalid(subject, context);
    case EBUSY:
        return busy(subject, context);
    case EEXIST:
        return fmt::format("there is a {} {} already: choose another name, or kinetctl del {} {}",
                           subject.noun(), context.value, subject.noun(), context.value);
    case EADDRINUSE:
        return taken(context);
    case EADDRNOTAVAIL:
        return fmt::format("{} is no address of this host: see ip address", context.address);
    case EAFNOSUPPORT:
        return fmt::format("{} needs IPv6, which this kernel has off", context.address);
    case ENODEV:
        return fmt::format("{}: it is being unloaded or deleted", context.subject);
    case EOPNOTSUPP:
        return fmt::format("{}={} is not possible on a kernel with PREEMPT_RT: use thread",
                           subject.key, context.value);
    case ENOMEM:
        return fmt::format("{}={}: the kernel has no memory for it", context.subject,
                           context.value);
    default:
        return other(code, context);
    }
}

} // namespace kinetd::tree
