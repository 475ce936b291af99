// SPDX-License-Identifier: GPL-2.0
// Which layer a function belongs to, by its name: the first rule that fits.
#pragma once

#include <regex>
#include <string>
#include <vector>

namespace bench {

struct Layer {
    std::string name;
    std::regex functions;
};

inline const std::vector<Layer> &layers() {
    constexpr auto kind = std::regex::extended | std::regex::optimize;
    static const std::vector<Layer> table{
        {"kinetd", std::regex("\\[(kinetd|proto_)", kind)},
        {"user space", std::regex("\\[[a-z]+_(echo|load|sink)]|__libc_|^\\?$", kind)},
        {"scheduler, wake-ups",
         std::regex("sched|wake|switch|pick_|(en|de)queue_(task|entity)|_fair|update_|try_to_|ttwu|"
                    "prepare_to|finish_task|load_avg|cpuacct|set_next|put_prev|idle|tick|hrtimer|"
                    "runqueue|native_load|perf_event|__calc_delta|runtime|entity|cgroup",
                    kind)},
        {"system calls, files, epoll",
         std::regex("syscall|SYSCALL|x64_sys|fdget|ep_|epoll|sockfd|fget|fput|import_|__sys_|aa_|"
                    "security_|apparmor|tomoyo|exit_to_user|poll",
                    kind)},
        {"memory",
         std::regex(
             "kmem_cache|kmalloc|kfree|slab|alloc_skb|skb_release|page_frag|memset|head_frag|"
             "free_head|put_page|folio|__check_|__virt_addr|alloc_pages|skb_free|wfree|rfree|"
             "defer_free|cpu_partial",
             kind)},
        {"copies", std::regex("copy|memcpy|rep_movs|iter", kind)},
        {"TCP",
         std::regex(
             "tcp_|inet_csk|cubic|bictcp|sk_forced|sk_mem|inet_ehash|__inet_lookup|sk_stream|"
             "ktime_get|rb_|timer|minmax|inet6?_(send|recv)|lock_sock|release_sock|__release|"
             "sock_def|sk_wait|skb_clone|sock_(send|recv)|jiffies|bpf_skops",
             kind)},
        {"UDP", std::regex("udp|__skb_recv|__skb_try|sk_filter|skb_queue|ip_make_skb|ip_setup_cork|"
                           "ip_append|ip_generic|first_packet",
                           kind)},
        {"IP, loopback device",
         std::regex("ip_|ipv4|nf_|fib|dst_|rt_|dev_|netif|net_rx|backlog|napi|loopback|eth_|xmit|"
                    "skb|raw_local|softirq|local_bh|rcu|qdisc|xfrm",
                    kind)},
    };
    return table;
}

inline std::string layer_of(const std::string &function) {
    for (const auto &layer : layers())
        if (std::regex_search(function, layer.functions))
            return layer.name;
    return "the rest";
}

} // namespace bench
