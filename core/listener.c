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
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat.h"
#include "connection.h"
#include "listener.h"
#include "service.h"
#include <kinetd/sysfs.h>
#include "worker.h"

#define LISTENER_BATCH		64		/* connections accepted in one run */
#define LISTENER_RETRY		(HZ / 10)	/* after accept failed for want of memory */

/* More unsent data than this in a connection's send queue, and it counts as full */
#define LISTENER_NOTSENT_LOWAT	(256 * 1024)

/**
 * struct kinetd_listener - a listening socket
 * @ep: its place among its worker's endpoints
 * @sock: the socket
 * @svc: its service
 * @data_ready: the socket's own callback, also for what is accepted
 * @retry: kicks when accept() may have memory again
 * @serve_waiting: on closing, accept who waits; set before KINETD_EP_STOP
 * @closed: the worker is done with it
 */
struct kinetd_listener {
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
static void listener_claim(struct kinetd_listener *listener)
{
	struct sock *sk = listener->sock->sk;

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
	struct socket *sock;
	int err;

	while (max--) {
		err = kernel_accept(listener->sock, &sock, O_NONBLOCK);
		/* -EINVAL: it listens no more, an administrator has ended the socket */
		if (err == -EAGAIN || err == -EINVAL)
			return false;
		if (!err)
			err = kinetd_connection_open(listener->svc, sock, listener->data_ready);
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

/**
 * struct listener_bind - one try to bind and listen
 * @work: runs it
 * @listener: whose socket to make
 * @addr: where
 * @port: where
 * @replaced: listener on the same port that may overlap, or NULL
 * @err: result
 *
 * Done by a kworker: whoever writes to a file lends the socket neither
 * credentials (that write needs CAP_NET_ADMIN, which suffices) nor its memory
 * cgroup nor its security label.
 */
struct listener_bind {
	struct work_struct		work;
	struct kinetd_listener		*listener;
	const struct kinetd_address	*addr;
	u16				port;
	struct kinetd_listener		*replaced;
	int				err;
};

/* What accepted connections inherit */
static void listener_set_options(struct sock *sk, const struct kinetd_address *addr)
{
	sock_set_reuseaddr(sk);
	sock_set_keepalive(sk);
	tcp_sock_set_nodelay(sk);

	lock_sock(sk);
	/* the urgent byte stays in the stream, where it can be neither lost nor stuck */
	sock_set_flag(sk, SOCK_URGINLINE);
	WRITE_ONCE(tcp_sk(sk)->notsent_lowat, LISTENER_NOTSENT_LOWAT);
	if (addr->family == AF_INET6)
		sk->sk_ipv6only = false;
	release_sock(sk);
}

static void listener_set_reuseport(struct kinetd_listener *listener, bool on)
{
	struct sock *sk = listener->sock->sk;

	lock_sock(sk);
	sk->sk_reuseport = on;
	release_sock(sk);
}

static int socket_bind_listen(struct socket *sock, const struct listener_bind *bind)
{
	struct sockaddr_storage ss;
	int len, err;

	len = kinetd_address_to_sockaddr(bind->addr, bind->port, &ss);
	err = kernel_bind(sock, (struct kinetd_sockaddr *)&ss, len);
	return err ?: kernel_listen(sock, kinetd_service_backlog(bind->listener->svc));
}

/*
 * The socket that is replaced may be in the way: 127.0.0.1 and 0.0.0.0 on one
 * port.  For the moment of binding the two are let share it; with any other
 * socket the new one still conflicts, since it shares its uid with none.
 */
static int bind_beside(struct socket *sock, const struct listener_bind *bind)
{
	int err;

	listener_set_reuseport(bind->replaced, true);
	listener_set_reuseport(bind->listener, true);
	err = socket_bind_listen(sock, bind);
	listener_set_reuseport(bind->listener, false);
	listener_set_reuseport(bind->replaced, false);
	return err;
}

static int bind_socket(const struct listener_bind *bind, bool beside)
{
	struct kinetd_listener *listener = bind->listener;
	struct socket *sock;
	int err;

	err = sock_create_kern(listener->svc->net, bind->addr->family, SOCK_STREAM, IPPROTO_TCP,
			       &sock);
	if (err)
		return err;
	listener->sock = sock;
	/* SO_REUSEPORT shares among the sockets of one uid: ours share with nobody else's */
	SOCK_INODE(sock)->i_uid = INVALID_UID;
	listener_claim(listener);
	listener_set_options(sock->sk, bind->addr);
	err = beside ? bind_beside(sock, bind) : socket_bind_listen(sock, bind);
	if (err)
		sock_release(sock);
	return err;
}

static void bind_work(struct work_struct *work)
{
	struct listener_bind *bind = container_of(work, struct listener_bind, work);

	bind->err = bind_socket(bind, false);
	if (bind->err == -EADDRINUSE && bind->replaced)
		bind->err = bind_socket(bind, true);
}

static int listener_bind(struct kinetd_listener *listener, const struct kinetd_address *addr,
			 u16 port, struct kinetd_listener *replaced)
{
	struct listener_bind bind = {
		.listener	= listener,
		.addr		= addr,
		.port		= port,
		.replaced	= replaced && listener->svc->port == port ? replaced : NULL,
	};

	INIT_WORK_ONSTACK(&bind.work, bind_work);
	queue_work(system_unbound_wq, &bind.work);
	flush_work(&bind.work);
	destroy_work_on_stack(&bind.work);
	return bind.err;
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

/**
 * kinetd_listener_open() - listen for a service
 * @svc: service; its pool serves the listener
 * @addr: where
 * @port: where, host byte order
 * @replaced: the service's listener that this one replaces, or NULL
 *
 * Context: kinetd_mutex.
 * Return: the listener, to be closed with
 * kinetd_listener_close(), or what binding says as an ERR_PTR().
 */
struct kinetd_listener *kinetd_listener_open(struct kinetd_service *svc,
					     const struct kinetd_address *addr, u16 port,
					     struct kinetd_listener *replaced)
{
	struct kinetd_listener *listener;
	int err;

	listener = kzalloc(sizeof(*listener), GFP_KERNEL);
	if (!listener)
		return ERR_PTR(-ENOMEM);
	listener->svc = svc;
	init_completion(&listener->closed);
	kinetd_endpoint_init(&listener->ep, &listener_ops);

	err = listener_bind(listener, addr, port, replaced);
	if (err) {
		kfree(listener);
		return ERR_PTR(err);
	}
	timer_setup(&listener->retry, listener_retry, 0);
	listener_serve(listener);
	return listener;
}

/**
 * kinetd_listener_close() - stop listening
 * @listener: listener, gone afterwards
 * @serve_waiting: accept first who is connected and waits; else these are reset
 *
 * Context: kinetd_mutex.  Waits for its worker.
 */
void kinetd_listener_close(struct kinetd_listener *listener, bool serve_waiting)
{
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

/* false where somebody else (ss -K) has ended the socket */
bool kinetd_listener_alive(const struct kinetd_listener *listener)
{
	return inet_sk_state_load(listener->sock->sk) == TCP_LISTEN;
}

void kinetd_listener_set_backlog(struct kinetd_listener *listener, unsigned int backlog)
{
	kernel_listen(listener->sock, backlog);
}

static struct kinetd_worker *choose_for_listener(struct kinetd_endpoint *ep, void *arg)
{
	struct kinetd_listener *listener = arg;

	if (ep != &listener->ep)
		return NULL;
	return kinetd_pool_pick(rcu_dereference_protected(listener->svc->pool,
							  lockdep_is_held(&kinetd_mutex)), -1);
}

/**
 * kinetd_listener_set_pool() - have the service's new pool serve its listener
 * @listener: listener
 *
 * When it returns, nothing is accepted into the old pool any more.
 *
 * Context: kinetd_mutex.
 */
void kinetd_listener_set_pool(struct kinetd_listener *listener)
{
	struct kinetd_worker *worker = listener->ep.worker;

	kinetd_workers_hand_over(&worker, 1, choose_for_listener, listener);
}
