// SPDX-License-Identifier: GPL-2.0
/* What is special about sockets that the kernel makes for itself. */
#include <linux/export.h>
#include <linux/net.h>
#include <net/net_namespace.h>

#include "compat.h"
#include <kinetd/socket.h>

/**
 * kinetd_socket_close() - close, and let TCP deliver what is queued
 * @sock: connected socket without callbacks of ours, gone afterwards
 *
 * Our sockets hold no reference on their namespace, and TCP cancels the timers
 * of such a socket when it is closed: data and FIN would be lost with the first
 * packet that is.  So take the reference; where the namespace is going, reset.
 *
 * Context: process context.
 */
void kinetd_socket_close(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct net *net = maybe_get_net(sock_net(sk));

	if (net) {
		sk_net_refcnt_upgrade(sk);
		put_net(net);
	} else {
		sock_no_linger(sk);
	}
	sock_release(sock);
}
EXPORT_SYMBOL_GPL(kinetd_socket_close);
