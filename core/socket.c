// SPDX-License-Identifier: GPL-2.0
/*
 * What is special about sockets that the kernel makes for itself, and the struct
 * socket of accepted ones.
 *
 * That is an inode of sockfs, which takes a twentieth of a short connection to make
 * and to free, and which a softirq cannot make.  So each CPU keeps some whose connections
 * have ended, for those that follow.  They belong to no namespace.
 */
#include <linux/export.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat.h"
#include "socket.h"
#include <kinetd/socket.h>

#define SOCKET_SPARES	16	/* of each CPU, 12 KiB */

/**
 * struct socket_spares - sockets without protocol, whose connections have ended
 * @lock: protects the other members: a thread may have moved to another CPU since it looked
 * @nr: how many there are
 * @sock: they; one more than are kept, for a softirq that gives back what it took
 */
struct socket_spares {
	spinlock_t	lock; /* the other members */
	unsigned int	nr;
	struct socket	*sock[SOCKET_SPARES + 1];
};

static DEFINE_PER_CPU(struct socket_spares, socket_spares);

/**
 * kinetd_socket_take() - take a spare socket
 *
 * Context: any.
 * Return: a socket without protocol, NULL where this CPU has none.
 */
struct socket *kinetd_socket_take(void)
{
	struct socket_spares *spares = raw_cpu_ptr(&socket_spares);
	struct socket *sock = NULL;

	spin_lock_bh(&spares->lock);
	if (spares->nr)
		sock = spares->sock[--spares->nr];
	spin_unlock_bh(&spares->lock);
	return sock;
}

static bool socket_put(struct socket *sock, unsigned int max)
{
	struct socket_spares *spares = raw_cpu_ptr(&socket_spares);
	bool room;

	spin_lock_bh(&spares->lock);
	room = spares->nr < max;
	if (room)
		spares->sock[spares->nr++] = sock;
	spin_unlock_bh(&spares->lock);
	return room;
}

/**
 * kinetd_socket_put_back() - give back a socket that was not needed
 * @sock: as returned by kinetd_socket_take() in this softirq
 *
 * Context: softirq.
 */
void kinetd_socket_put_back(struct socket *sock)
{
	WARN_ON_ONCE(!socket_put(sock, SOCKET_SPARES + 1));
}

/**
 * kinetd_socket_accept() - accept, into a spare socket where there is one
 * @listener: listening socket
 * @res: result, to be given to kinetd_socket_release()
 *
 * Context: process context.  Waits for nobody to connect.
 * Return: 0, or a negative errno as of accept().
 */
int kinetd_socket_accept(struct socket *listener, struct socket **res)
{
	struct socket *sock = kinetd_socket_take();
	int err;

	if (!sock)
		return kernel_accept(listener, res, O_NONBLOCK);
	err = kinetd_compat_accept(listener, sock);
	if (err) {
		if (!socket_put(sock, SOCKET_SPARES))
			sock_release(sock);
		return err;
	}
	kinetd_socket_adopt(listener, sock);
	*res = sock;
	return 0;
}

/**
 * kinetd_socket_adopt() - have a spare socket be of the protocol that was accepted into it
 * @listener: listening socket
 * @sock: socket; its struct sock is set
 *
 * Context: any.
 */
void kinetd_socket_adopt(struct socket *listener, struct socket *sock)
{
	sock->type = listener->type;
	sock->ops = listener->ops;
	__module_get(sock->ops->owner);
}

/**
 * kinetd_socket_release() - close an accepted socket
 * @sock: as returned by kinetd_socket_accept(), without callbacks of ours, gone afterwards
 *
 * Context: process context.
 */
void kinetd_socket_release(struct socket *sock)
{
	/* as sock_release(), but for the inode: who looks at its wait queue yet finds nobody */
	sock->ops->release(sock);
	module_put(sock->ops->owner);
	sock->ops = NULL;
	sock->sk = NULL;
	sock->state = SS_UNCONNECTED;
	sock->flags = 0;
	if (!socket_put(sock, SOCKET_SPARES))
		sock_release(sock);
}

/**
 * kinetd_socket_linger() - have TCP deliver what is queued when a socket is closed
 * @sock: connected socket, to be closed next
 *
 * Our sockets hold no reference on their namespace, and TCP cancels the timers
 * of such a socket when it is closed: data and FIN would be lost with the first
 * packet that is.  So take the reference; where the namespace is going, reset.
 *
 * Context: process context.
 */
void kinetd_socket_linger(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct net *net = maybe_get_net(sock_net(sk));

	if (net) {
		sk_net_refcnt_upgrade(sk);
		put_net(net);
	} else {
		sock_no_linger(sk);
	}
}
EXPORT_SYMBOL_GPL(kinetd_socket_linger);

void kinetd_sockets_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu(socket_spares, cpu).lock);
}

/* Context: nothing is accepted or closed any more. */
void kinetd_sockets_exit(void)
{
	struct socket_spares *spares;
	int cpu;

	for_each_possible_cpu(cpu) {
		spares = per_cpu_ptr(&socket_spares, cpu);
		while (spares->nr)
			sock_release(spares->sock[--spares->nr]);
	}
}
