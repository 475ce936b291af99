/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_FLOW_H
#define _KINETD_FLOW_H

#include <linux/types.h>
#include <kinetd/address.h>

struct dst_entry;
struct sk_buff;
struct sock;

/**
 * struct kinetd_flow - from where to where a datagram goes out; compared as a whole, so that
 *	it is to be zeroed before it is filled
 * @local: our address
 * @peer: the other's
 * @local_port: network byte order
 * @peer_port: network byte order
 * @oif: the interface that a link-local @peer is on, or a link-local @local, else 0
 */
struct kinetd_flow {
	struct kinetd_address	local;
	struct kinetd_address	peer;
	__be16			local_port;
	__be16			peer_port;
	int			oif;
} __aligned(sizeof(u64));

#define KINETD_ROUTE_BITS	8	/* sets */
#define KINETD_ROUTE_WAYS	2

/**
 * struct kinetd_route - the way of one flow
 * @flow: whose
 * @dst: the route, with a reference, or NULL
 * @cookie: by which @dst tells that it is still good
 */
struct kinetd_route {
	struct kinetd_flow	flow;
	struct dst_entry	*dst;
	u32			cookie;
};

/**
 * struct kinetd_routes - routes of flows that were answered lately
 * @route: sets of KINETD_ROUTE_WAYS
 *
 * Whatever the source and ports of a flow are looked at for (policy rules, IPsec)
 * is looked up for exactly that flow.  Belongs to one thread, or to one CPU's softirqs.
 */
struct kinetd_routes {
	struct kinetd_route	route[KINETD_ROUTE_WAYS << KINETD_ROUTE_BITS];
};

struct kinetd_routes *kinetd_routes_alloc(void);
void kinetd_routes_free(struct kinetd_routes *routes);
struct dst_entry *kinetd_routes_find(struct kinetd_routes *routes, const struct kinetd_flow *flow);
void kinetd_routes_add(struct kinetd_routes *routes, const struct kinetd_flow *flow,
		       struct dst_entry *dst);

struct dst_entry *kinetd_flow_route(struct sock *sk, struct kinetd_flow *flow);
int kinetd_flow_output(struct sock *sk, struct sk_buff *skb, const struct kinetd_flow *flow,
		       struct dst_entry *dst);

#endif /* _KINETD_FLOW_H */
