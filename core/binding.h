/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_BINDING_H
#define _KINETD_BINDING_H

#include <linux/net.h>
#include <linux/workqueue.h>
#include <kinetd/address.h>

struct kinetd_binding;
struct kinetd_service;
struct net;

/**
 * struct kinetd_binding_ops - what a transport does at a service's address
 * @open: bind and serve.  @replaced is what the service has at the moment, or NULL; it
 *	  goes on serving until it is closed.  Returns an ERR_PTR() with nothing changed.
 * @close: serve what waits (where @serve_waiting) and end.  Waits for workers.
 * @alive: false where somebody else (ss -K) has ended a socket
 * @set_backlog: the listen backlog was changed; NULL where there is none
 * @backlog: the one in force; NULL as well
 * @follow_pool: the service has another pool.  NULL where a binding has to be replaced
 *		 to follow a pool, and also when the pool's workers change.
 * @set_exec: serve inline, or by the workers; 0 or a negative errno and nothing changed.
 *	      NULL where that is up to what is accepted from now on.
 *
 * Context of all: kinetd_mutex.
 */
struct kinetd_binding_ops {
	struct kinetd_binding *(*open)(struct kinetd_service *svc,
				       const struct kinetd_address *addr, u16 port,
				       struct kinetd_binding *replaced);
	void (*close)(struct kinetd_binding *binding, bool serve_waiting);
	bool (*alive)(const struct kinetd_binding *binding);
	void (*set_backlog)(struct kinetd_binding *binding, unsigned int backlog);
	unsigned int (*backlog)(const struct kinetd_binding *binding);
	void (*follow_pool)(struct kinetd_binding *binding);
	int (*set_exec)(struct kinetd_binding *binding, bool exec_inline);
};

/**
 * struct kinetd_binding - what a service has bound to its address
 * @ops: its kind: a TCP listener, or a set of UDP sockets
 */
struct kinetd_binding {
	const struct kinetd_binding_ops	*ops;
};

/**
 * struct kinetd_bind - how a socket is to be bound
 * @net: its namespace, which does not end meanwhile
 * @type: SOCK_STREAM or SOCK_DGRAM
 * @addr: where
 * @port: where, host byte order
 * @share: with others of ours that share as well, from now on
 * @beside: a socket of ours that may have the same port while the new one binds, or NULL
 * @prepare: sets options and claims sk_user_data before the socket is bound
 * @complete: what follows binding while @beside shares, or NULL
 * @arg: for both
 */
struct kinetd_bind {
	struct net			*net;
	int				type;
	const struct kinetd_address	*addr;
	u16				port;
	bool				share;
	struct sock			*beside;
	void				(*prepare)(struct sock *sk, void *arg);
	int				(*complete)(struct socket *sock, void *arg);
	void				*arg;
};

void kinetd_run_in_kworker(struct work_struct *work);
int kinetd_bind(const struct kinetd_bind *bind, struct socket **sock);

#endif /* _KINETD_BINDING_H */
