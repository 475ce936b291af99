// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners: the sockets that a service accepts from.
 *
 * sk_data_ready of a listening socket is called under no lock of ours (the
 * child is locked then, not the parent), so it looks at sk_user_data under
 * sk_callback_lock, and detaching takes that lock for writing.  A child
 * inherits the callback until it is accepted; for a child it does nothing.
 */
#include <linux/completion.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "connection.h"
#include "listener.h"
#include "service.h"
#include "socket.h"
#include <kinetd/sysfs.h>
#include "worker.h"

#define LISTENER_BATCH		64		/* connections accepted in one run */
#define LISTENER_RETRY		(HZ / 10)	/* after accept failed for want of memory */

/* More unsent data than this in a connection's send queue, and it counts as full */
#define LISTENER_NOTSENT_LOWAT	(256 * 1024)

/**
 * struct kinetd_listener - a listening socket
 * @binding: what its service knows of it
 * @ep: its place among its worker's endpoints
 * @sock: the socket
 * @svc: its service
 * @data_ready: the socket's own callback, also for what is accepted
 * @retry: kicks when accept() may have memory again
 * @serve_waiting: on closing, accept who waits; set before KINETD_EP_STOP
 * @closed: the worker is done with it
 */
struct kinetd_listener {
	struct kinetd_binding	binding;
	struct kinetd_endpoint	ep;
	struct socket		*sock;
	struct kinetd_service	*svc;
	void			(*data_ready)(struct sock *sk);
	struct timer_list	retry;
	bool			serve_waiting;
	struct completion	closed;
};

static struct kinetd_listener *to_listener(struct kinetd_endpoint *ep)
{
	return container_of(ep, struct kinetd_listener, ep);
}

static struct kinetd_listener *from_binding(struct kinetd_binding *binding)
{
	return container_of(binding, struct kinetd_listener, binding);
}

static void listener_data_ready(struct sock *sk)
{
	struct kinetd_listener *listener;

	/* a child that is not accepted yet: whatever its sk_user_data is, it is not ours */
	if (inet_sk_state_load(sk) != TCP_LISTEN)
		return;
	read_lock_bh(&sk->sk_callback_lock);
	listener = rcu_dereference_sk_user_data(sk);
	if (listener)
		kinetd_endpoint_kick(&listener->ep);
	read_unlock_bh(&sk->sk_callback_lock);
}

/*
 * Before it listens, since BPF may want sk_user_data from then on.  Children
 * inherit neither that, being marked NOCOPY, nor yet the callback.
 */
static void listener_claim(struct kinetd_listener *listener, struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	listener->data_ready = sk->sk_data_ready;
	__rcu_assign_sk_user_data_with_flags(sk, listener, SK_USER_DATA_NOCOPY);
	write_unlock_bh(&sk->sk_callback_lock);
}

static void listener_attach(struct kinetd_listener *listener)
{
	struct sock *sk = listener->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = listener_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void listener_detach(struct kinetd_listener *listener)
{
	struct sock *sk = listener->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = listener->data_ready;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}

static void listener_retry(struct timer_list *timer)
{
	struct kinetd_listener *listener = container_of(timer, struct kinetd_listener, retry);

	kinetd_endpoint_kick(&listener->ep);
}

/* Accept at most @max.  Return: whether more may wait. */
static bool listener_accept(struct kinetd_listener *listener, unsigned int max)
{
	struct sock *sk = listener->sock->sk;
	struct socket *sock;
	int err;

	while (max--) {
		/* it takes a socket first; who comes after this look, kicks */
		if (reqsk_queue_empty(&inet_csk(sk)->icsk_accept_queue))
			return false;
		err = kinetd_socket_accept(listener->sock, &sock);
		/* -EINVAL: it listens no more, an administrator has ended the socket */
		if (err == -EAGAIN || err == -EINVAL)
			return false;
		if (!err) {
			/* who connects from here will do so again: see worker.c */
			assign_bit(KINETD_EP_LOCAL, &listener->ep.flags,
				   kinetd_connection_is_local(sock->sk));
			err = kinetd_connection_open(listener->svc, sock, listener->data_ready);
		}
		if (err) {
			/* what waits stays, and nobody tells us of it again */
			kinetd_service_count(listener->svc, KINETD_ERRORS, 1);
			mod_timer(&listener->retry, jiffies + LISTENER_RETRY);
			return false;
		}
		cond_resched();
	}
	return true;
}

static void listener_end(struct kinetd_listener *listener)
{
	listener_detach(listener);
	if (listener->serve_waiting)
		listener_accept(listener, READ_ONCE(listener->sock->sk->sk_ack_backlog));
	timer_shutdown_sync(&listener->retry);
	kinetd_endpoint_unlink(&listener->ep);
	sock_release(listener->sock);
	kinetd_endpoint_retire(&listener->ep);
}

static void listener_run(struct kinetd_endpoint *ep)
{
	struct kinetd_listener *listener = to_listener(ep);

	if (test_bit(KINETD_EP_STOP, &ep->flags))
		listener_end(listener);
	else if (listener_accept(listener, LISTENER_BATCH))
		kinetd_endpoint_kick(ep);
}

static void listener_free(struct kinetd_endpoint *ep)
{
	complete(&to_listener(ep)->closed);
}

static const struct kinetd_endpoint_ops listener_ops = {
	.run	= listener_run,
	.free	= listener_free,
};

/* What accepted connections inherit */
static void listener_prepare(struct sock *sk, void *arg)
{
	struct kinetd_listener *listener = arg;

	listener_claim(listener, sk);
	sock_set_reuseaddr(sk);
	sock_set_keepalive(sk);
	tcp_sock_set_nodelay(sk);

	lock_sock(sk);
	/* the urgent byte stays in the stream, where it can be neither lost nor stuck */
	sock_set_flag(sk, SOCK_URGINLINE);
	WRITE_ONCE(tcp_sk(sk)->notsent_lowat, LISTENER_NOTSENT_LOWAT);
	release_sock(sk);
}

static int listener_complete(struct socket *sock, void *arg)
{
	struct kinetd_listener *listener = arg;

	return kernel_listen(sock, kinetd_service_backlog(listener->svc));
}

static int listener_bind(struct kinetd_listener *listener, const struct kinetd_address *addr,
			 u16 port, struct kinetd_listener *replaced)
{
	bool same_port = replaced && listener->svc->port == port;
	const struct kinetd_bind bind = {
		.net		= listener->svc->net,
		.type		= SOCK_STREAM,
		.addr		= addr,
		.port		= port,
		.beside		= same_port ? replaced->sock->sk : NULL,
		.prepare	= listener_prepare,
		.complete	= listener_complete,
		.arg		= listener,
	};

	return kinetd_bind(&bind, &listener->sock);
}

/* Hand the bound listener to a worker.  Connections may have come before that. */
static void listener_serve(struct kinetd_listener *listener)
{
	struct kinetd_pool *pool;

	rcu_read_lock();
	pool = rcu_dereference(listener->svc->pool);
	kinetd_endpoint_add(&listener->ep, kinetd_pool_pick(pool, -1));
	rcu_read_unlock();

	listener_attach(listener);
	kinetd_endpoint_kick(&listener->ep);
}

static struct kinetd_binding *listener_open(struct kinetd_service *svc,
					    const struct kinetd_address *addr, u16 port,
					    struct kinetd_binding *replaced)
{
	struct kinetd_listener *listener;
	int err;

	listener = kzalloc(sizeof(*listener), GFP_KERNEL);
	if (!listener)
		return ERR_PTR(-ENOMEM);
	listener->binding.ops = &kinetd_listener_ops;
	listener->svc = svc;
	init_completion(&listener->closed);
	kinetd_endpoint_init(&listener->ep, &listener_ops);

	err = listener_bind(listener, addr, port, replaced ? from_binding(replaced) : NULL);
	if (err) {
		kfree(listener);
		return ERR_PTR(err);
	}
	timer_setup(&listener->retry, listener_retry, 0);
	listener_serve(listener);
	return &listener->binding;
}

/* Where who is connected and waits is not to be served, these are reset. */
static void listener_close(struct kinetd_binding *binding, bool serve_waiting)
{
	struct kinetd_listener *listener = from_binding(binding);
	struct kinetd_worker *worker = listener->ep.worker;

	lockdep_assert_held(&kinetd_mutex);
	listener->serve_waiting = serve_waiting;

	/* it cannot retire between the two while the lock is held */
	spin_lock(&worker->lock);
	set_bit(KINETD_EP_STOP, &listener->ep.flags);
	kinetd_endpoint_kick(&listener->ep);
	spin_unlock(&worker->lock);

	wait_for_completion(&listener->closed);
	kfree(listener);
}

static bool listener_alive(const struct kinetd_binding *binding)
{
	const struct kinetd_listener *listener;

	listener = container_of(binding, struct kinetd_listener, binding);
	return inet_sk_state_load(listener->sock->sk) == TCP_LISTEN;
}

static void listener_set_backlog(struct kinetd_binding *binding, unsigned int backlog)
{
	kernel_listen(from_binding(binding)->sock, backlog);
}

static struct kinetd_worker *choose_for_listener(struct kinetd_endpoint *ep, void *arg)
{
	struct kinetd_listener *listener = arg;

	if (ep != &listener->ep)
		return NULL;
	return kinetd_pool_pick(rcu_dereference_protected(listener->svc->pool,
							  lockdep_is_held(&kinetd_mutex)), -1);
}

/* When it returns, nothing is accepted into the old pool any more. */
static void listener_follow_pool(struct kinetd_binding *binding)
{
	struct kinetd_listener *listener = from_binding(binding);
	struct kinetd_worker *worker = listener->ep.worker;

	kinetd_workers_hand_over(&worker, 1, choose_for_listener, listener);
}

const struct kinetd_binding_ops kinetd_listener_ops = {
	.open		= listener_open,
	.close		= listener_close,
	.alive		= listener_alive,
	.set_backlog	= listener_set_backlog,
	.follow_pool	= listener_follow_pool,
};
