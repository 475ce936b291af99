// SPDX-License-Identifier: GPL-2.0
/*
 * Flows: where datagrams go out, and their way through IP.
 *
 * A packet is handed to IP as the kernel's own tunnels do it, not to the
 * socket: the headers say from which address it comes, whatever the socket is
 * bound to, and a packet that has just been received can go out again.
 */
#include <linux/if_vlan.h>
#include <linux/jhash.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6_stubs.h>
#include <net/route.h>
#include <net/sock.h>

#include "compat.h"
#include "flow.h"

struct kinetd_routes *kinetd_routes_alloc(void)
{
	return kvzalloc(sizeof(struct kinetd_routes), GFP_KERNEL);
}

void kinetd_routes_free(struct kinetd_routes *routes)
{
	unsigned int i;

	if (!routes)
		return;
	for (i = 0; i < ARRAY_SIZE(routes->route); i++)
		dst_release(routes->route[i].dst);
	kvfree(routes);
}

static bool flow_equal(const struct kinetd_flow *a, const struct kinetd_flow *b)
{
	const u64 *x = (const u64 *)a, *y = (const u64 *)b;

	BUILD_BUG_ON(sizeof(*a) != 6 * sizeof(*x));
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) |
		 (x[3] ^ y[3]) | (x[4] ^ y[4]) | (x[5] ^ y[5]));
}

/* Who makes flows collide has their routes looked up, as others' routes are. */
static struct kinetd_route *route_set(struct kinetd_routes *routes, const struct kinetd_flow *flow)
{
	u32 address, hash;

	if (flow->peer.family == AF_INET)
		address = (__force u32)flow->peer.v4.s_addr;
	else
		address = jhash2((const u32 *)&flow->peer.v6, 4, 0);
	hash = hash_32(address ^ (__force u16)flow->peer_port << 16, KINETD_ROUTE_BITS);
	return &routes->route[hash * KINETD_ROUTE_WAYS];
}

static bool route_valid(const struct kinetd_route *route)
{
	return !route->dst->obsolete || route->dst->ops->check(route->dst, route->cookie);
}

/**
 * kinetd_routes_find() - the route of a flow that was answered lately
 * @routes: routes
 * @flow: flow
 *
 * Context: who @routes belongs to.
 * Return: the route, good until the next kinetd_routes_add(), or NULL.
 */
struct dst_entry *kinetd_routes_find(struct kinetd_routes *routes, const struct kinetd_flow *flow)
{
	struct kinetd_route *set = route_set(routes, flow);
	unsigned int i;

	for (i = 0; i < KINETD_ROUTE_WAYS; i++) {
		if (!set[i].dst || !flow_equal(&set[i].flow, flow))
			continue;
		if (likely(route_valid(&set[i])))
			return set[i].dst;
		dst_release(set[i].dst);
		set[i].dst = NULL;
	}
	return NULL;
}

static u32 route_cookie(const struct kinetd_flow *flow, struct dst_entry *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (flow->peer.family == AF_INET6)
		return rt6_get_cookie(container_of(dst, struct rt6_info, dst));
#endif
	return 0;
}

/**
 * kinetd_routes_add() - remember a route
 * @routes: routes
 * @flow: whose it is
 * @dst: the route; the caller's reference goes along
 *
 * Context: who @routes belongs to.
 */
void kinetd_routes_add(struct kinetd_routes *routes, const struct kinetd_flow *flow,
		       struct dst_entry *dst)
{
	struct kinetd_route *set = route_set(routes, flow);

	/* the last one's place is the oldest one's */
	dst_release(set[KINETD_ROUTE_WAYS - 1].dst);
	memmove(&set[1], &set[0], (KINETD_ROUTE_WAYS - 1) * sizeof(*set));
	memcpy(&set[0].flow, flow, sizeof(*flow));
	set[0].dst = dst;
	set[0].cookie = route_cookie(flow, dst);
}

static struct dst_entry *flow_route4(struct sock *sk, struct kinetd_flow *flow)
{
	struct flowi4 fl4 = {
		.flowi4_oif	= flow->oif ?: READ_ONCE(sk->sk_bound_dev_if),
		.flowi4_proto	= IPPROTO_UDP,
		.flowi4_uid	= sock_net_uid(sock_net(sk), NULL),
		.daddr		= flow->peer.v4.s_addr,
		.saddr		= flow->local.v4.s_addr,
		.fl4_dport	= flow->peer_port,
		.fl4_sport	= flow->local_port,
	};
	struct rtable *rt;

	security_sk_classify_flow(sk, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_flow(sock_net(sk), &fl4, sk);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-EDESTADDRREQ);
	}
	flow->local.v4.s_addr = fl4.saddr;
	return &rt->dst;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *flow_route6(struct sock *sk, struct kinetd_flow *flow)
{
	struct flowi6 fl6 = {
		.flowi6_oif	= flow->oif ?: READ_ONCE(sk->sk_bound_dev_if),
		.flowi6_proto	= IPPROTO_UDP,
		.flowi6_uid	= sock_net_uid(sock_net(sk), NULL),
		.daddr		= flow->peer.v6,
		.saddr		= flow->local.v6,
		.fl6_dport	= flow->peer_port,
		.fl6_sport	= flow->local_port,
	};
	struct dst_entry *dst;

	if (ipv6_addr_is_multicast(&fl6.daddr))
		return ERR_PTR(-EDESTADDRREQ);
	security_sk_classify_flow(sk, flowi6_to_flowi_common(&fl6));
	/* an IPv4 socket has none of what IPv6 would look at */
	dst = ipv6_stub->ipv6_dst_lookup_flow(sock_net(sk), sk->sk_family == AF_INET6 ? sk : NULL,
					      &fl6, NULL);
	if (!IS_ERR(dst))
		flow->local.v6 = fl6.saddr;
	return dst;
}
#else
static struct dst_entry *flow_route6(struct sock *sk, struct kinetd_flow *flow)
{
	return ERR_PTR(-EAFNOSUPPORT);
}
#endif

/**
 * kinetd_flow_route() - look a flow's route up
 * @sk: the socket that it goes out for
 * @flow: flow; where @flow->local is unspecified, it is set
 *
 * Context: any that may take locks; does not sleep.
 * Return: the route, with a reference for the caller, or an ERR_PTR(): -EDESTADDRREQ,
 * which is nothing that a route says, where it leads to a group.
 */
struct dst_entry *kinetd_flow_route(struct sock *sk, struct kinetd_flow *flow)
{
	return flow->peer.family == AF_INET ? flow_route4(sk, flow) : flow_route6(sk, flow);
}

/*
 * A sender on this machine may have asked for time stamps of what it sends: asked for once
 * more, they would be ours, and nobody takes them out of our socket.
 */
static void packet_clear_timestamps(struct sk_buff *skb)
{
	struct sk_buff *part;

	skb_shinfo(skb)->tx_flags = 0;
	skb_walk_frags(skb, part)
		skb_shinfo(part)->tx_flags = 0;
}

/* What sending and receiving have left on a packet, and sending would misunderstand */
static void packet_reset(struct sk_buff *skb, struct sock *sk)
{
	packet_clear_timestamps(skb);
	skb_set_owner_w(skb, sk);
	skb_scrub_packet(skb, true);
	__vlan_hwaccel_clear_tag(skb);
	skb_reset_redirect(skb);
	skb->encapsulation = 0;
	skb->priority = READ_ONCE(sk->sk_priority);
	skb->dev = NULL;
#ifdef CONFIG_NET_SCHED
	skb->tc_index = 0;
#endif
}

static void packet_push_ip4(struct sock *sk, struct sk_buff *skb, const struct kinetd_flow *flow,
			    struct dst_entry *dst)
{
	struct iphdr *iph = skb_push(skb, sizeof(*iph));
	bool whole;

	skb_reset_network_header(skb);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->protocol = htons(ETH_P_IP);
	whole = skb_is_gso(skb) ? skb_gso_validate_network_len(skb, dst_mtu(dst)) :
				  skb->len <= dst_mtu(dst);
	skb->ignore_df = !whole;
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = 0;
	iph->frag_off = whole && ip_dont_fragment(sk, dst) ? htons(IP_DF) : 0;
	iph->ttl = ip4_dst_hoplimit(dst);
	iph->protocol = IPPROTO_UDP;
	iph->saddr = flow->local.v4.s_addr;
	iph->daddr = flow->peer.v4.s_addr;
	ip_select_ident_segs(sock_net(sk), skb, NULL, skb_shinfo(skb)->gso_segs ?: 1);
}

#if IS_ENABLED(CONFIG_IPV6)
static void packet_push_ip6(struct sk_buff *skb, const struct kinetd_flow *flow,
			    struct dst_entry *dst)
{
	size_t len = skb->len;
	struct ipv6hdr *ip6h = skb_push(skb, sizeof(*ip6h));

	skb_reset_network_header(skb);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	skb->protocol = htons(ETH_P_IPV6);
	skb->ignore_df = true;
	ip6_flow_hdr(ip6h, 0, 0);
	ip6h->payload_len = htons(len);
	ip6h->nexthdr = IPPROTO_UDP;
	ip6h->hop_limit = ip6_dst_hoplimit(dst);
	ip6h->saddr = flow->local.v6;
	ip6h->daddr = flow->peer.v6;
}

static int flow_output6(struct sock *sk, struct sk_buff *skb, const struct kinetd_flow *flow,
			struct dst_entry *dst)
{
	packet_push_ip6(skb, flow, dst);
	return ip6_local_out(sock_net(sk), sk, skb);
}
#else
static int flow_output6(struct sock *sk, struct sk_buff *skb, const struct kinetd_flow *flow,
			struct dst_entry *dst)
{
	kfree_skb(skb);
	return -EAFNOSUPPORT;
}
#endif

/**
 * kinetd_flow_output() - send a packet
 * @sk: the socket that it goes out for
 * @skb: UDP header at the packet's start, complete but for a checksum that CHECKSUM_PARTIAL
 *	 leaves to others; with its headers writable.  Gone afterwards.
 * @flow: from where to where
 * @dst: its route, the caller's until this returns
 *
 * Context: BHs disabled, rcu_read_lock().
 * Return: 0, or a negative errno where it was not sent: -ENOBUFS where as much as the
 * socket may have on its way is on its way.
 */
int kinetd_flow_output(struct sock *sk, struct sk_buff *skb, const struct kinetd_flow *flow,
		       struct dst_entry *dst)
{
	int err;

	/* neighbours that do not answer would hold any number of packets */
	if (unlikely(refcount_read(&sk->sk_wmem_alloc) > READ_ONCE(sk->sk_sndbuf))) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	packet_reset(skb, sk);
	skb_reset_transport_header(skb);
	/* who keeps the packet for longer takes a reference */
	skb_dst_set_noref(skb, dst);
	if (flow->peer.family == AF_INET6) {
		err = flow_output6(sk, skb, flow, dst);
	} else {
		packet_push_ip4(sk, skb, flow, dst);
		err = ip_local_out(sock_net(sk), sk, skb);
	}
	return err > 0 ? net_xmit_errno(err) : err;
}
