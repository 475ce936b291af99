// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners: the sockets that a service accepts from.
 *
 * Accepting is the worker's: sk_data_ready of a listening socket kicks it.  A child
 * inherits the callback until it is accepted, and a number in sk_user_data by which its
 * listener is found, should there still be one.  Its first data is delivered with the
 * child locked: where the service is served inline and the child is the next to be
 * accepted, that is done then and there.
 *
 * Both look the listener up under rcu_read_lock().  A listener that closes is first taken
 * out of everybody's reach, and is left alone until a grace period after that.
 */
#include <linux/completion.h>
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "connection.h"
#include "inline.h"
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
 * @node: place among all listeners
 * @number: by which it is found, no other's before or after
 * @data_ready: the socket's own callback, also for what is accepted
 * @restock: the CPU on which a softirq had no socket to accept into, or -1
 * @retry: kicks when accept() may have memory again
 * @serve_waiting: on closing, accept who waits; set before KINETD_EP_STOP
 * @closed: the worker is done with it
 */
struct kinetd_listener {
	struct kinetd_binding	binding;
	struct kinetd_endpoint	ep;
	struct socket		*sock;
	struct kinetd_service	*svc;
	struct hlist_node	node;
	unsigned long		number;
	void			(*data_ready)(struct sock *sk);
	int			restock;
	struct timer_list	retry;
	bool			serve_waiting;
	struct completion	closed;
};

#define LISTENER_NUMBER_SHIFT	3	/* in sk_user_data; below it are flags */

/* by their numbers; changed under kinetd_mutex */
static DEFINE_HASHTABLE(listeners, 8);

static struct kinetd_listener *to_listener(struct kinetd_endpoint *ep)
{
	return container_of(ep, struct kinetd_listener, ep);
}

static struct kinetd_listener *from_binding(struct kinetd_binding *binding)
{
	return container_of(binding, struct kinetd_listener, binding);
}

/* the listener of a listening socket or its child.  Context: rcu_read_lock(). */
static struct kinetd_listener *listener_of(const struct sock *sk)
{
	unsigned long number = (uintptr_t)sk->sk_user_data >> LISTENER_NUMBER_SHIFT;
	struct kinetd_listener *listener;

	hlist_for_each_entry_rcu(listener, &listeners[number % HASH_SIZE(listeners)], node)
		if (listener->number == number)
			return listener;
	return NULL;
}

/*
 * Is @child the next to be accepted?  Who has come by Fast Open and is not through its
 * handshake is left to accept().  Without the lock of @sk it is a guess: the request may be
 * another's by now, whose memory is of requests for as long as rcu_read_lock() is held.
 */
static bool listener_next_is(struct sock *sk, const struct sock *child)
{
	const struct request_sock_queue *queue = &inet_csk(sk)->icsk_accept_queue;
	const struct request_sock *req = READ_ONCE(queue->rskq_accept_head);

	return req && READ_ONCE(req->sk) == child && !tcp_rsk(req)->tfo_listener;
}

/*
 * Take @child out of the accept queue, with what it takes to serve it, or neither.  Only who
 * has the lock of the listening socket may: accept() looks whether the queue is empty first,
 * and takes what it knows to be there then.  We have the child's already, of the same kind, so
 * this is a try.  Nothing is reserved without the lock: the worker, which would have the same
 * child, might find it one too many.
 *
 * Return: its connection, or NULL where it is the worker's.
 */
static struct kinetd_connection *listener_take(struct kinetd_listener *listener,
					       struct sock *child)
{
	struct sock *sk = listener->sock->sk;
	struct kinetd_connection *conn = NULL;

	if (!spin_trylock(&sk->sk_lock.slock))
		return NULL;
	if (!sock_owned_by_user(sk) && listener_next_is(sk, child))
		conn = kinetd_connection_reserve(listener->svc, child,
						 GFP_ATOMIC | __GFP_NOMEMALLOC | __GFP_NOWARN);
	if (!IS_ERR_OR_NULL(conn))
		reqsk_put(reqsk_queue_remove(&inet_csk(sk)->icsk_accept_queue, sk));
	spin_unlock(&sk->sk_lock.slock);
	return IS_ERR(conn) ? NULL : conn;
}

/* The child's memory stays without a cgroup, as all that softirqs allocate. */
static void listener_accept_inline(struct kinetd_listener *listener, struct sock *child,
				   struct kinetd_inline *cpu)
{
	struct socket *sock = kinetd_socket_take();
	struct kinetd_connection *conn;

	if (!sock) {
		WRITE_ONCE(listener->restock, raw_smp_processor_id());
		return;
	}
	conn = listener_take(listener, child);
	if (!conn) {
		kinetd_socket_put_back(sock);
		return;
	}
	inet_init_csk_locks(child);
	kinetd_socket_graft(listener->sock, sock, child);
	kinetd_connection_open_inline(conn, sock, listener->data_ready, cpu);
}

/*
 * @child's first data has come.  The worker has been kicked for it before, or will be at
 * once: what is not done here it does.  Smack would give the socket the label of whichever task
 * the softirq interrupts.
 */
static void listener_child_ready(struct kinetd_listener *listener, struct sock *child)
{
	struct kinetd_inline *cpu;

	if (IS_ENABLED(CONFIG_SECURITY_SMACK) ||
	    !READ_ONCE(listener->svc->exec_inline) || sock_owned_by_user(child) ||
	    has_current_bpf_ctx() || !listener_next_is(listener->sock->sk, child))
		return;
	cpu = kinetd_inline_begin();
	if (!cpu)
		return;
	listener_accept_inline(listener, child, cpu);
	kinetd_inline_end(cpu);
}

static void listener_data_ready(struct sock *sk)
{
	struct kinetd_listener *listener;

	rcu_read_lock();
	listener = listener_of(sk);
	if (listener && sk == listener->sock->sk)
		kinetd_endpoint_kick(&listener->ep);
	else if (listener)
		listener_child_ready(listener, sk);
	rcu_read_unlock();
}

/*
 * Before it listens, since BPF may want sk_user_data from then on, and children inherit
 * it.  They inherit the callback only once there is a worker to be kicked.
 */
static void listener_claim(struct kinetd_listener *listener, struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	listener->data_ready = sk->sk_data_ready;
	rcu_assign_sk_user_data(sk, (void *)(listener->number << LISTENER_NUMBER_SHIFT));
	write_unlock_bh(&sk->sk_callback_lock);
}

static void listener_attach(struct kinetd_listener *listener)
{
	struct sock *sk = listener->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = listener_data_ready;
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
	if (listener->serve_waiting)
		listener_accept(listener, READ_ONCE(listener->sock->sk->sk_ack_backlog));
	timer_shutdown_sync(&listener->retry);
	kinetd_endpoint_unlink(&listener->ep);
	sock_release(listener->sock);
	kinetd_endpoint_retire(&listener->ep);
}

static void listener_restock(struct kinetd_listener *listener)
{
	int cpu = READ_ONCE(listener->restock);

	if (cpu < 0)
		return;
	WRITE_ONCE(listener->restock, -1);
	kinetd_sockets_restock(cpu);
}

static void listener_run(struct kinetd_endpoint *ep)
{
	struct kinetd_listener *listener = to_listener(ep);

	if (test_bit_acquire(KINETD_EP_STOP, &ep->flags)) {
		listener_end(listener);
		return;
	}
	if (listener_accept(listener, LISTENER_BATCH))
		kinetd_endpoint_kick(ep);
	listener_restock(listener);
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

	return kernel_listen(sock, kinetd_service_backlog_wanted(listener->svc));
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

	/* who finds it sees its socket */
	hlist_add_head_rcu(&listener->node, &listeners[listener->number % HASH_SIZE(listeners)]);

	rcu_read_lock();
	pool = rcu_dereference(listener->svc->pool);
	kinetd_endpoint_add(&listener->ep, kinetd_pool_pick(pool, -1));
	rcu_read_unlock();

	listener_attach(listener);
	kinetd_endpoint_kick(&listener->ep);
}

/* When it returns nobody finds it, or looks at it: its socket tells of nothing any more. */
static void listener_forget(struct kinetd_listener *listener)
{
	hlist_del_rcu(&listener->node);
	synchronize_rcu_expedited();
}

static struct kinetd_binding *listener_open(struct kinetd_service *svc,
					    const struct kinetd_address *addr, u16 port,
					    struct kinetd_binding *replaced)
{
	static unsigned long number;
	struct kinetd_listener *listener;
	int err;

	lockdep_assert_held(&kinetd_mutex);
	listener = kzalloc(sizeof(*listener), GFP_KERNEL);
	if (!listener)
		return ERR_PTR(-ENOMEM);
	listener->binding.ops = &kinetd_listener_ops;
	listener->svc = svc;
	listener->number = ++number;
	listener->restock = -1;
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
	listener_forget(listener);
	listener->serve_waiting = serve_waiting;

	/* it cannot retire between the two while the lock is held */
	spin_lock_bh(&worker->lock);
	/* pairs with test_bit_acquire() in listener_run(), which may run for another reason */
	smp_mb__before_atomic();
	set_bit(KINETD_EP_STOP, &listener->ep.flags);
	kinetd_endpoint_kick(&listener->ep);
	spin_unlock_bh(&worker->lock);

	wait_for_completion(&listener->closed);
	kfree(listener);
}

static bool listener_alive(const struct kinetd_binding *binding)
{
	const struct kinetd_listener *listener;

	listener = container_of(binding, struct kinetd_listener, binding);
	return inet_sk_state_load(listener->sock->sk) == TCP_LISTEN;
}

/* One that was ended by others is not to listen again: it has said goodbye for its children. */
static void listener_set_backlog(struct kinetd_binding *binding, unsigned int backlog)
{
	struct sock *sk = from_binding(binding)->sock->sk;

	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN)
		WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	release_sock(sk);
}

static unsigned int listener_backlog(const struct kinetd_binding *binding)
{
	const struct kinetd_listener *listener;

	listener = container_of(binding, struct kinetd_listener, binding);
	return READ_ONCE(listener->sock->sk->sk_max_ack_backlog);
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
	.backlog	= listener_backlog,
	.follow_pool	= listener_follow_pool,
};
