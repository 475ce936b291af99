// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams: who may be answered, and the answer.
 *
 * The rules are applied where a handler answers, so that no protocol can leave
 * them out and one that never answers need not pay for them.  An answer goes
 * from the address and port that were asked: it is sent as a packet with these
 * in its headers, since a socket that is bound to no address has no say.
 *
 * Reflecting sends the very packet back that was received.  Its checksum was
 * verified, but whether what is in the header is complete cannot be told any
 * more: a sender on this machine leaves that to the device.  So do we.
 */
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip6_checksum.h>
#include <net/route.h>
#include <net/udp.h>

#include "datagram.h"
#include "flow.h"
#include "rate.h"
#include "served.h"
#include "service.h"
#include "trace.h"
#include "udp_socket.h"

static void datagram_drop(struct kinetd_datagram *dgram, enum kinetd_drop reason)
{
	const struct udphdr *uh = udp_hdr(dgram->skb);
	struct kinetd_service *svc = dgram->socket->svc;
	struct kinetd_address peer;

	kinetd_service_count(svc, KINETD_DATAGRAMS_DROPPED, dgram->nr);
	if (trace_kinetd_datagram_drop_enabled()) {
		kinetd_datagram_peer(dgram->skb, &peer);
		trace_kinetd_datagram_drop(svc, &peer, ntohs(uh->source), reason, dgram->nr);
	}
}

static void count_in_mib(struct net *net, const struct sk_buff *skb, unsigned int field)
{
	if (skb->protocol == htons(ETH_P_IP))
		UDP_INC_STATS(net, field, 0);
	else
		UDP6_INC_STATS(net, field, 0);
}

static void datagram_count_sent(struct kinetd_datagram *dgram, size_t len)
{
	count_in_mib(dgram->socket->svc->net, dgram->skb, UDP_MIB_OUTDATAGRAMS);
	kinetd_service_count(dgram->socket->svc, KINETD_DATAGRAMS_SENT, dgram->nr);
	kinetd_service_count(dgram->socket->svc, KINETD_BYTES_SENT, len);
}

/* Counted as sent before it was: whoever has it finds it counted. */
static void datagram_count_unsent(struct kinetd_datagram *dgram, size_t len)
{
	kinetd_service_count(dgram->socket->svc, KINETD_DATAGRAMS_SENT, -(u64)dgram->nr);
	kinetd_service_count(dgram->socket->svc, KINETD_BYTES_SENT, -(u64)len);
	kinetd_service_count(dgram->socket->svc, KINETD_ERRORS, dgram->nr);
}

/* The flow of an answer */
static void datagram_flow(const struct sk_buff *skb, struct kinetd_flow *flow)
{
	const struct udphdr *uh = udp_hdr(skb);

	memset(flow, 0, sizeof(*flow));
	flow->local_port = uh->dest;
	flow->peer_port = uh->source;
	kinetd_datagram_peer(skb, &flow->peer);
	flow->local.family = flow->peer.family;
	if (flow->peer.family == AF_INET) {
		flow->local.v4.s_addr = ip_hdr(skb)->daddr;
	} else {
		flow->local.v6 = ipv6_hdr(skb)->daddr;
		if ((ipv6_addr_type(&flow->peer.v6) | ipv6_addr_type(&flow->local.v6)) &
		    IPV6_ADDR_LINKLOCAL)
			flow->oif = inet6_iif(skb);
	}
}

/* Rules that look at the source's port */
static enum kinetd_drop datagram_check_port(const struct kinetd_datagram *dgram,
					    const struct kinetd_flow *flow)
{
	const struct kinetd_service *svc = dgram->socket->svc;
	u16 port = ntohs(flow->peer_port);

	if (unlikely(!port))
		return KINETD_DROP_PORT_ZERO;
	if (unlikely(port < READ_ONCE(svc->min_source_port)))
		return KINETD_DROP_LOW_PORT;
	if (unlikely(kinetd_served_at(svc->net, &flow->peer, port)))
		return KINETD_DROP_OWN_SERVICE;
	return KINETD_DROP_NONE;
}

static enum kinetd_drop address_check4(struct net *net, __be32 addr)
{
	if (ipv4_is_multicast(addr))
		return KINETD_DROP_MULTICAST;
	if (ipv4_is_lbcast(addr) || ipv4_is_zeronet(addr) ||
	    inet_addr_type(net, addr) == RTN_BROADCAST)
		return KINETD_DROP_BROADCAST;
	return KINETD_DROP_NONE;
}

static enum kinetd_drop address_check6(const struct in6_addr *addr)
{
	return ipv6_addr_is_multicast(addr) || ipv6_addr_any(addr) ? KINETD_DROP_MULTICAST :
								     KINETD_DROP_NONE;
}

/* Rules that look at both addresses: what has a route that is valid has passed them. */
static enum kinetd_drop datagram_check_addresses(const struct kinetd_datagram *dgram,
						 const struct kinetd_flow *flow)
{
	struct net *net = dgram->socket->svc->net;

	if (flow->peer.family == AF_INET)
		return address_check4(net, flow->peer.v4.s_addr) ?:
		       address_check4(net, flow->local.v4.s_addr);
	return address_check6(&flow->peer.v6) ?: address_check6(&flow->local.v6);
}

static enum kinetd_drop datagram_check_link(const struct sk_buff *skb)
{
	switch (skb->pkt_type) {
	case PACKET_HOST:
		return KINETD_DROP_NONE;
	case PACKET_BROADCAST:
		return KINETD_DROP_BROADCAST;
	default:
		return KINETD_DROP_MULTICAST;
	}
}

static enum kinetd_drop datagram_check_rate(const struct kinetd_datagram *dgram,
					    const struct kinetd_address *receiver)
{
	struct kinetd_service *svc = dgram->socket->svc;
	/* pairs with smp_store_release() in kinetd_service_set_rate_limit() */
	unsigned int limit = smp_load_acquire(&svc->rate_limit_pps);

	if (likely(!limit))
		return KINETD_DROP_NONE;
	switch (kinetd_rate_take(svc->rate, receiver, limit)) {
	case 0:
		return KINETD_DROP_NONE;
	case -EDQUOT:
		return KINETD_DROP_RATE_LIMIT;
	default:
		return KINETD_DROP_SOURCES;
	}
}

static struct dst_entry *datagram_route(struct kinetd_datagram *dgram, struct kinetd_flow *flow,
					enum kinetd_drop *reason)
{
	struct dst_entry *dst;

	dst = kinetd_routes_find(dgram->routes, flow);
	if (likely(dst))
		return dst;
	*reason = datagram_check_addresses(dgram, flow);
	if (*reason)
		return NULL;
	dst = kinetd_flow_route(dgram->socket->sock->sk, flow);
	if (IS_ERR(dst)) {
		*reason = PTR_ERR(dst) == -EDESTADDRREQ ? KINETD_DROP_BROADCAST : KINETD_DROP_NONE;
		return NULL;
	}
	kinetd_routes_add(dgram->routes, flow, dst);
	return dst;
}

/* May the datagram be answered, and which way?  Where not, it is counted. */
static struct dst_entry *datagram_admit(struct kinetd_datagram *dgram, struct kinetd_flow *flow)
{
	enum kinetd_drop reason;
	struct dst_entry *dst;

	reason = datagram_check_link(dgram->skb) ?: datagram_check_port(dgram, flow);
	dst = reason ? NULL : datagram_route(dgram, flow, &reason);
	if (dst) {
		reason = datagram_check_rate(dgram, &flow->peer);
		if (likely(!reason))
			return dst;
	}
	if (reason)
		datagram_drop(dgram, reason);
	else
		kinetd_service_count(dgram->socket->svc, KINETD_ERRORS, dgram->nr);
	return NULL;
}

/* What goes before the payload */
static size_t datagram_headroom(const struct kinetd_flow *flow, const struct dst_entry *dst)
{
	size_t ip = flow->peer.family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	return LL_RESERVED_SPACE(dst->dev) + ip + sizeof(struct udphdr);
}

/* Leave the checksum to the device, or to whoever does it in its stead. */
static void datagram_checksum(struct sk_buff *skb, const struct kinetd_flow *flow)
{
	struct udphdr *uh = udp_hdr(skb);

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	if (flow->peer.family == AF_INET)
		uh->check = ~udp_v4_check(skb->len, flow->local.v4.s_addr,
					  flow->peer.v4.s_addr, 0);
	else
		uh->check = ~udp_v6_check(skb->len, &flow->local.v6, &flow->peer.v6, 0);
}

/* Make the received packet's UDP header that of the answer. */
static int datagram_turn(struct sk_buff *skb, const struct kinetd_flow *flow,
			 const struct dst_entry *dst)
{
	struct udphdr *uh;

	if (skb_cow_head(skb, datagram_headroom(flow, dst)))
		return -ENOMEM;
	uh = __skb_push(skb, sizeof(*uh));
	swap(uh->source, uh->dest);
	uh->len = htons(skb->len);
	datagram_checksum(skb, flow);
	return 0;
}

static void datagram_reflect_one(struct kinetd_datagram *dgram)
{
	struct sock *sk = dgram->socket->sock->sk;
	struct sk_buff *skb = dgram->skb;
	size_t len = skb->len;
	struct kinetd_flow flow;
	struct dst_entry *dst;

	datagram_flow(skb, &flow);
	dst = datagram_admit(dgram, &flow);
	if (unlikely(!dst))
		return;
	datagram_count_sent(dgram, len);
	if (unlikely(datagram_turn(skb, &flow, dst))) {
		datagram_count_unsent(dgram, len);
		return;
	}
	dgram->skb = NULL;
	if (unlikely(kinetd_flow_output(sk, skb, &flow, dst)))
		datagram_count_unsent(dgram, len);
}

/* The datagrams of a train, their checksums left out, or an ERR_PTR() */
static struct sk_buff *train_take_apart(struct sk_buff *skb)
{
	struct kinetd_flow flow;

	datagram_flow(skb, &flow);
	__skb_push(skb, sizeof(struct udphdr));
	datagram_checksum(skb, &flow);
	__skb_push(skb, skb->data - skb_mac_header(skb));
	return __skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM, false) ?: ERR_PTR(-EINVAL);
}

/* Each datagram of a train on its own, as if it had come so */
static void datagram_reflect_each(struct kinetd_datagram *train)
{
	struct kinetd_datagram dgram = {
		.socket = train->socket, .routes = train->routes, .nr = 1,
	};
	struct sk_buff *skb, *segs, *next;

	segs = train_take_apart(train->skb);
	if (IS_ERR(segs)) {
		kinetd_service_count(train->socket->svc, KINETD_ERRORS, train->nr);
		return;
	}
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		__skb_pull(skb, skb_transport_offset(skb) + sizeof(struct udphdr));
		dgram.skb = skb;
		datagram_reflect_one(&dgram);
		consume_skb(dgram.skb);
	}
}

/**
 * kinetd_datagram_reflect() - send a datagram back
 * @dgram: datagram
 *
 * Nothing is copied, and @dgram is gone for this handler: it can do nothing more with
 * it.  Usable as &kinetd_protocol.datagram, with trains.
 *
 * Context: as &kinetd_protocol.datagram.
 */
void kinetd_datagram_reflect(struct kinetd_datagram *dgram)
{
	if (WARN_ON_ONCE(!dgram->skb))
		return;
	/* limits count datagrams */
	if (unlikely(dgram->nr > 1 && READ_ONCE(dgram->socket->svc->rate_limit_pps)))
		datagram_reflect_each(dgram);
	else
		datagram_reflect_one(dgram);
}
EXPORT_SYMBOL_GPL(kinetd_datagram_reflect);

static struct sk_buff *datagram_build(const struct kinetd_flow *flow, const void *data,
				      size_t len, const struct dst_entry *dst)
{
	size_t headroom = datagram_headroom(flow, dst);
	struct sk_buff *skb = alloc_skb(headroom + len, GFP_ATOMIC);
	struct udphdr *uh;

	if (!skb)
		return NULL;
	skb_reserve(skb, headroom);
	skb_put_data(skb, data, len);
	uh = skb_push(skb, sizeof(*uh));
	skb_reset_transport_header(skb);
	uh->source = flow->local_port;
	uh->dest = flow->peer_port;
	uh->len = htons(skb->len);
	datagram_checksum(skb, flow);
	return skb;
}

static void datagram_send(struct kinetd_datagram *dgram, const struct kinetd_flow *flow,
			  struct dst_entry *dst, const void *data, size_t len)
{
	struct sk_buff *skb = datagram_build(flow, data, len, dst);

	datagram_count_sent(dgram, len);
	if (!skb || kinetd_flow_output(dgram->socket->sock->sk, skb, flow, dst))
		datagram_count_unsent(dgram, len);
}

/**
 * kinetd_datagram_reply() - answer a datagram
 * @dgram: datagram
 * @data: the answer; the caller's again when this returns
 * @len: bytes, at most KINETD_DATAGRAM_MAX
 *
 * Context: as &kinetd_protocol.datagram.
 */
void kinetd_datagram_reply(struct kinetd_datagram *dgram, const void *data, size_t len)
{
	struct kinetd_flow flow;
	struct dst_entry *dst;

	if (WARN_ON_ONCE(!dgram->skb || len > KINETD_DATAGRAM_MAX))
		return;
	datagram_flow(dgram->skb, &flow);
	dst = datagram_admit(dgram, &flow);
	if (dst)
		datagram_send(dgram, &flow, dst, data, len);
}
EXPORT_SYMBOL_GPL(kinetd_datagram_reply);

/* Could the socket itself send to it?  What is sent must come from where it is served. */
static bool datagram_reaches(const struct kinetd_datagram *dgram,
			     const struct kinetd_address *addr)
{
	const struct kinetd_address *own = &dgram->socket->addr;

	return own->family == addr->family ||
	       (own->family == AF_INET6 && ipv6_addr_any(&own->v6));
}

/* The flow to a third party, from the service's address where it has one */
static void datagram_flow_to(const struct kinetd_datagram *dgram,
			     const struct kinetd_address *addr, u16 port, struct kinetd_flow *flow)
{
	const struct kinetd_udp_socket *socket = dgram->socket;

	memset(flow, 0, sizeof(*flow));
	flow->peer = *addr;
	flow->peer_port = htons(port);
	flow->local_port = udp_hdr(dgram->skb)->dest;
	flow->local.family = addr->family;
	if (socket->addr.family == addr->family)
		flow->local = socket->addr;
}

/**
 * kinetd_datagram_send() - on a datagram, send one to somebody else
 * @dgram: datagram, which has to be one that could be answered
 * @addr: receiver; rate_limit_pps counts what it gets
 * @port: the receiver's, host byte order; 0 for nobody
 * @data: what to send; the caller's again when this returns
 * @len: bytes, at most KINETD_DATAGRAM_MAX
 *
 * Context: as &kinetd_protocol.datagram.
 */
void kinetd_datagram_send(struct kinetd_datagram *dgram, const struct kinetd_address *addr,
			  u16 port, const void *data, size_t len)
{
	struct kinetd_flow from, to;
	enum kinetd_drop reason;
	struct dst_entry *dst;

	if (WARN_ON_ONCE(!dgram->skb || len > KINETD_DATAGRAM_MAX))
		return;
	datagram_flow(dgram->skb, &from);
	reason = datagram_check_link(dgram->skb) ?: datagram_check_port(dgram, &from) ?:
		 datagram_check_addresses(dgram, &from);
	if (!reason && !port)
		reason = KINETD_DROP_NO_TARGET;
	if (!reason)
		reason = datagram_check_rate(dgram, addr);
	if (reason) {
		datagram_drop(dgram, reason);
		return;
	}
	datagram_flow_to(dgram, addr, port, &to);
	dst = datagram_reaches(dgram, addr) ? kinetd_flow_route(dgram->socket->sock->sk, &to) :
					      ERR_PTR(-EAFNOSUPPORT);
	if (IS_ERR(dst)) {
		kinetd_service_count(dgram->socket->svc, KINETD_ERRORS, 1);
		return;
	}
	datagram_send(dgram, &to, dst, data, len);
	dst_release(dst);
}
EXPORT_SYMBOL_GPL(kinetd_datagram_send);

/**
 * kinetd_datagram_discard() - do nothing with a datagram
 * @dgram: datagram
 *
 * Usable as &kinetd_protocol.datagram, with trains.
 */
void kinetd_datagram_discard(struct kinetd_datagram *dgram)
{
}
EXPORT_SYMBOL_GPL(kinetd_datagram_discard);

/**
 * kinetd_datagram_state() - the state that the protocol has in the datagram's service
 * @dgram: datagram
 *
 * Return: the state, of &kinetd_protocol.state_size bytes.
 */
void *kinetd_datagram_state(const struct kinetd_datagram *dgram)
{
	return dgram->socket->svc->state;
}
EXPORT_SYMBOL_GPL(kinetd_datagram_state);

/* who sent a packet that waits to be read */
void kinetd_datagram_peer(const struct sk_buff *skb, struct kinetd_address *peer)
{
	memset(peer, 0, sizeof(*peer));
	if (skb->protocol == htons(ETH_P_IP)) {
		peer->family = AF_INET;
		peer->v4.s_addr = ip_hdr(skb)->saddr;
	} else {
		peer->family = AF_INET6;
		peer->v6 = ipv6_hdr(skb)->saddr;
	}
}

static unsigned int skb_datagrams(const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	return likely(!(info->gso_type & SKB_GSO_UDP_L4)) ? 1 :
							     DIV_ROUND_UP(skb->len, info->gso_size);
}

/*
 * Was it sent to a group?  Such a datagram is given to every socket.  What the link made of
 * it does not tell: over the loopback device a broadcast is like all else.  But where a VRF
 * or a routing table of its own has the address, nothing else tells.
 */
static bool datagram_to_group(struct kinetd_udp_socket *socket, const struct sk_buff *skb)
{
	struct net *net = socket->svc->net;
	int genid = rt_genid_ipv4(net);
	__be32 addr;

	if (skb->protocol != htons(ETH_P_IP))
		return ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
	addr = ip_hdr(skb)->daddr;
	if (likely(addr == socket->unicast && genid == socket->unicast_genid &&
		   skb->pkt_type == PACKET_HOST))
		return false;
	if (address_check4(net, addr) ||
	    (skb->pkt_type != PACKET_HOST && inet_addr_type(net, addr) != RTN_LOCAL))
		return true;
	socket->unicast = addr;
	socket->unicast_genid = genid;
	return false;
}

/**
 * kinetd_datagram_serve() - give what was received to the handler
 * @socket: where it was received
 * @skb: a datagram, or a train of them; gone afterwards
 *
 * Context: the socket's worker, BHs disabled, rcu_read_lock().
 */
void kinetd_datagram_serve(struct kinetd_udp_socket *socket, struct sk_buff *skb)
{
	struct kinetd_datagram dgram = {
		.skb = skb, .socket = socket, .routes = socket->routes, .nr = skb_datagrams(skb),
	};
	struct kinetd_service *svc = socket->svc;

	if (unlikely(!socket->first && datagram_to_group(socket, skb))) {
		consume_skb(skb);
		return;
	}
	/* in the receive queue it was something else */
	skb->dev = NULL;
	kinetd_service_count(svc, KINETD_DATAGRAMS_RECEIVED, dgram.nr);
	kinetd_service_count(svc, KINETD_BYTES_RECEIVED, skb->len);
	if (unlikely(udp_lib_checksum_complete(skb))) {
		count_in_mib(svc->net, skb, UDP_MIB_CSUMERRORS);
		count_in_mib(svc->net, skb, UDP_MIB_INERRORS);
		datagram_drop(&dgram, KINETD_DROP_CHECKSUM);
	} else {
		count_in_mib(svc->net, skb, UDP_MIB_INDATAGRAMS);
		svc->proto->datagram(&dgram);
	}
	consume_skb(dgram.skb);
}

/**
 * kinetd_datagram_serve_inline() - give what is being received to the handler
 * @socket: where it is received
 * @routes: the CPU's
 * @skb: its data its UDP header, its checksum verified; gone afterwards
 *
 * UDP counts what is received.
 *
 * Context: the softirq, BHs disabled, rcu_read_lock().
 */
void kinetd_datagram_serve_inline(struct kinetd_udp_socket *socket,
				  struct kinetd_routes *routes, struct sk_buff *skb)
{
	struct kinetd_datagram dgram = {
		.skb = skb, .socket = socket, .routes = routes,
	};
	struct kinetd_service *svc = socket->svc;

	/* of a train that UDP has taken apart the others hang on it, and would be sent along */
	skb_mark_not_on_list(skb);
	__skb_pull(skb, sizeof(struct udphdr));
	/* whole trains come where the service was not served inline a moment ago */
	dgram.nr = skb_datagrams(skb);
	kinetd_service_count(svc, KINETD_DATAGRAMS_RECEIVED, dgram.nr);
	kinetd_service_count(svc, KINETD_BYTES_RECEIVED, skb->len);
	svc->proto->datagram(&dgram);
	if (dgram.skb)
		consume_skb(dgram.skb);
}
