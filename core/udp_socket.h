/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_UDP_SOCKET_H
#define _KINETD_UDP_SOCKET_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <net/sock.h>

#include "binding.h"
#include "worker.h"

struct kinetd_routes;
struct kinetd_service;

/**
 * struct kinetd_udp_socket - one of a service's UDP sockets
 * @ep: its place among its worker's endpoints
 * @sock: the socket
 * @svc: its service
 * @addr: what it is bound to
 * @entry: place in @svc->udp_sockets
 * @data_ready: the socket's own callback
 * @routes: of flows that it answered lately
 * @cpu_routes: the same for each CPU, where it is served inline, or NULL
 * @cpu_without_routes: one more than the number of a CPU that has none in @cpu_routes, or 0
 * @inline_lock: who wants it served inline, against the worker, who has it so again
 * @inline_wanted: it is to be served inline, unless trains come; under @inline_lock
 * @trains: the more, the more of what came lately came in trains; of the softirqs while
 *	    these serve, else of the worker
 * @last: who sent the datagram before; to be compared only
 * @unicast: an IPv4 address of the last datagram's that is nobody else's; of the worker
 * @unicast_genid: the addresses and routes with which it was so
 * @drops: of the socket's drops, those that @svc->overflows has; under @svc->udp_lock
 * @serving: the worker has packets in hand
 * @first: of its set
 * @serve_waiting: on closing, serve what waits; set before KINETD_EP_STOP
 * @closed: the worker is done with it
 */
struct kinetd_udp_socket {
	struct kinetd_endpoint	ep;
	struct socket		*sock;
	struct kinetd_service	*svc;
	struct kinetd_address	addr;
	struct list_head	entry;
	void			(*data_ready)(struct sock *sk);
	struct kinetd_routes	*routes;
	struct kinetd_routes	**cpu_routes;
	unsigned int		cpu_without_routes;
	spinlock_t		inline_lock; /* the next member */
	bool			inline_wanted;
	int			trains;
	u32			last;
	__be32			unicast;
	int			unicast_genid;
	u32			drops;
	bool			serving;
	bool			first;
	bool			serve_waiting;
	struct completion	closed;
};

extern const struct kinetd_binding_ops kinetd_udp_ops;

void kinetd_udp_exit(void);
u64 kinetd_udp_overflows(struct kinetd_service *svc);

#endif /* _KINETD_UDP_SOCKET_H */
