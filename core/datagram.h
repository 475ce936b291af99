/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_DATAGRAM_H
#define _KINETD_DATAGRAM_H

#include <linux/types.h>
#include <kinetd/protocol.h>

struct kinetd_routes;
struct kinetd_udp_socket;
struct sk_buff;

/**
 * enum kinetd_drop - why a datagram was not answered
 * @KINETD_DROP_NONE: it may be
 * @KINETD_DROP_CHECKSUM: it was damaged on its way
 * @KINETD_DROP_OVERFLOW: the receive queue was full
 * @KINETD_DROP_PORT_ZERO: its source port is 0
 * @KINETD_DROP_LOW_PORT: its source port is below min_source_port
 * @KINETD_DROP_OWN_SERVICE: it comes from where a datagram service of this host is
 * @KINETD_DROP_BROADCAST: it comes from or went to a broadcast address
 * @KINETD_DROP_MULTICAST: it comes from or went to a multicast address
 * @KINETD_DROP_RATE_LIMIT: its source had rate_limit_pps answers in this second
 * @KINETD_DROP_SOURCES: there are more sources than can be watched
 * @KINETD_DROP_NO_TARGET: there is nobody to send to
 */
enum kinetd_drop {
	KINETD_DROP_NONE,
	KINETD_DROP_CHECKSUM,
	KINETD_DROP_OVERFLOW,
	KINETD_DROP_PORT_ZERO,
	KINETD_DROP_LOW_PORT,
	KINETD_DROP_OWN_SERVICE,
	KINETD_DROP_BROADCAST,
	KINETD_DROP_MULTICAST,
	KINETD_DROP_RATE_LIMIT,
	KINETD_DROP_SOURCES,
	KINETD_DROP_NO_TARGET,
};

/**
 * struct kinetd_datagram - a datagram in the hands of a handler
 * @skb: the packet, its data the payload, its UDP header before that; NULL once it is sent
 * @socket: where it was received
 * @routes: where to look for the way of an answer: the worker's, or the CPU's
 * @nr: how many datagrams it is: more than one where they came as a train
 */
struct kinetd_datagram {
	struct sk_buff			*skb;
	struct kinetd_udp_socket	*socket;
	struct kinetd_routes		*routes;
	unsigned int			nr;
};

void kinetd_datagram_serve(struct kinetd_udp_socket *socket, struct sk_buff *skb);
void kinetd_datagram_serve_inline(struct kinetd_udp_socket *socket,
				  struct kinetd_routes *routes, struct sk_buff *skb);
void kinetd_datagram_peer(const struct sk_buff *skb, struct kinetd_address *peer);

#endif /* _KINETD_DATAGRAM_H */
