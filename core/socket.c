// SPDX-License-Identifier: GPL-2.0
/*
 * What is special about sockets that the kernel makes for itself, and the struct
 * socket of accepted ones.
 *
 * That is an inode of sockfs, which takes a fiftieth of a short connection to make
 * and to free, and which a softirq cannot make.  So those whose connections have ended are
 * kept for others that follow, on the CPU on which their packets came.  They belong
 * to no namespace.
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

#define SOCKET_SPARES	64	/* of each CPU, 50 KiB: what a worker finds closed in one turn */
#define SOCKET_RESTOCK	16	/* made at once where a softirq had none */

/**
 * struct socket_spares - sockets without protocol, whose connections have ended
 * @lock: protects the other members
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

static bool socket_put(struct socket *sock, struct socket_spares *spares, unsigned int max)
{
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
	WARN_ON_ONCE(!socket_put(sock, raw_cpu_ptr(&socket_spares), SOCKET_SPARES + 1));
}

/**
 * kinetd_sockets_restock() - make spare sockets
 * @cpu: where there was none
 *
 * Context: process context.
 */
void kinetd_sockets_restock(int cpu)
{
	struct socket_spares *spares = per_cpu_ptr(&socket_spares, cpu);
	unsigned int i;

	for (i = 0; i < SOCKET_RESTOCK; i++) {
		struct socket *sock;

		/* family and type are those of what will be accepted */
		if (sock_create_lite(PF_INET, SOCK_STREAM, IPPROTO_TCP, &sock))
			return;
		if (!socket_put(sock, spares, SOCKET_SPARES)) {
			sock_release(sock);
			return;
		}
	}
}

/* @sock, into which something was accepted, is of the listener's protocol. */
static void socket_adopt(struct socket *listener, struct socket *sock)
{
	sock->type = listener->type;
	sock->ops = listener->ops;
	__module_get(sock->ops->owner);
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
	if (!err) {
		socket_adopt(listener, sock);
		*res = sock;
	} else if (!socket_put(sock, raw_cpu_ptr(&socket_spares), SOCKET_SPARES)) {
		sock_release(sock);
	}
	return err;
}

/**
 * kinetd_socket_graft() - accept what was taken out of the accept queue
 * @listener: listening socket
 * @sock: a spare socket, to be given to kinetd_socket_release()
 * @sk: accepted, its spinlock held by the caller
 *
 * Context: any.
 */
void kinetd_socket_graft(struct socket *listener, struct socket *sock, struct sock *sk)
{
	/* as inet_accept() */
	if (test_bit(SOCK_SUPPORT_ZC, &listener->flags))
		set_bit(SOCK_SUPPORT_ZC, &sock->flags);
	sock_graft(sk, sock);
	sock->state = SS_CONNECTED;
	socket_adopt(listener, sock);
}

/**
 * kinetd_socket_release() - close an accepted socket
 * @sock: as returned by kinetd_socket_accept(), without callbacks of ours, gone afterwards
 *
 * Context: process context.
 */
void kinetd_socket_release(struct socket *sock)
{
	int cpu = READ_ONCE(sock->sk->sk_incoming_cpu);

	/* as sock_release(), but for the inode: who looks at its wait queue yet finds nobody */
	sock->ops->release(sock);
	module_put(sock->ops->owner);
	sock->ops = NULL;
	sock->sk = NULL;
	sock->state = SS_UNCONNECTED;
	sock->flags = 0;
	if (cpu < 0 || cpu >= nr_cpu_ids || !cpu_possible(cpu))
		cpu = raw_smp_processor_id();
	if (!socket_put(sock, per_cpu_ptr(&socket_spares, cpu), SOCKET_SPARES))
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
