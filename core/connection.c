// SPDX-License-Identifier: GPL-2.0
/*
 * Connections: from their first run to the last acknowledgment.
 *
 * The callbacks of a connected TCP socket are called with the socket locked,
 * by the softirq that delivers or by whoever owns the socket; so they are put
 * in under that lock and taken out under lock_sock() (and sk_callback_lock, for others who
 * look there).  They kick, and drop what arrives for a protocol that does not want it.
 *
 * The worker does everything else, in runs that never wait for the peer: read
 * within a budget, give the bytes to the handler, stop while the send queue is
 * full.  What is not read stays in the receive queue, so the window closes and
 * the peer slows down.  Where the service wants it, the callbacks do such a run
 * themselves, and leave to the worker whatever else is to be done (see inline.c).
 */
#include <linux/bpf.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <net/busy_poll.h>
#include <net/tcp.h>

#include "compat.h"
#include "connection.h"
#include "inline.h"
#include "socket.h"
#include "source.h"
#include "trace.h"
#include <kinetd/socket.h>

#define CONNECTION_LINGER	(2 * HZ)	/* for a peer to finish after we have */

/* With any of these a connection is the worker's. */
#define CONNECTION_WORKERS	(BIT(KINETD_EP_QUEUED) | BIT(KINETD_EP_STOP) | BIT(KINETD_EP_TIMER))

static struct kmem_cache *connection_cache;

static struct kinetd_connection *to_connection(struct kinetd_endpoint *ep)
{
	return container_of(ep, struct kinetd_connection, ep);
}

static void connection_timer(struct timer_list *timer)
{
	struct kinetd_connection *conn = container_of(timer, struct kinetd_connection, timer);

	set_bit(KINETD_EP_TIMER, &conn->ep.flags);
	kinetd_endpoint_kick(&conn->ep);
}

/*
 * The loopback device; or one that no hardware is behind (veth, a bridge), and what came over
 * it last was not taken from hardware elsewhere, for which a driver's NAPI puts its mark on it.
 */
static bool connection_came_from_here(const struct sock *sk, const struct net_device *dev)
{
	if (dev->flags & IFF_LOOPBACK)
		return true;
#ifdef CONFIG_NET_RX_BUSY_POLL
	return !dev->dev.parent && READ_ONCE(sk->sk_napi_id) < MIN_NAPI_ID;
#else
	return false;
#endif
}

/**
 * kinetd_connection_is_local() - is the peer on this machine?
 * @sk: connected socket
 *
 * Context: any.
 * Return: whether its packets are sent by a task here, as far as one can tell.
 */
bool kinetd_connection_is_local(struct sock *sk)
{
	const struct dst_entry *dst;
	bool local;

	rcu_read_lock();
	dst = __sk_dst_get(sk);
	local = dst && connection_came_from_here(sk, dst->dev);
	rcu_read_unlock();
	return local;
}

/* The socket may live on as an orphan: nothing in it may lead to us. */
static void connection_detach(struct kinetd_connection *conn)
{
	struct sock *sk = conn->sock->sk;

	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	/* not accepted through our hands yet, it has the listener's */
	sk->sk_data_ready = conn->data_ready;
	if (conn->attached) {
		sk->sk_state_change = conn->state_change;
		sk->sk_write_space = conn->write_space;
	}
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
}

static void connection_release_socket(struct kinetd_connection *conn, bool abort)
{
	struct sock *sk = conn->sock->sk;

	if (abort && sk->sk_state != TCP_CLOSE)
		sock_no_linger(sk);
	else
		/* also where nothing is left to deliver: TCP's care without it costs more */
		kinetd_socket_linger(conn->sock);
	kinetd_socket_release(conn->sock);
}

/* Ends in the connection's memory going: the caller touches nothing after. */
static void connection_close(struct kinetd_connection *conn, bool abort)
{
	struct kinetd_service *svc = conn->svc;

	connection_detach(conn);
	timer_shutdown_sync(&conn->timer);
	kinetd_endpoint_unlink(&conn->ep);

	/* counted before the peer can see the end */
	trace_kinetd_connection_close(conn);
	kinetd_source_put(&svc->sources, conn->source);
	kinetd_service_count(svc, KINETD_CONNECTIONS_CLOSED, 1);
	if (unlikely(conn->rest))
		kinetd_service_count(svc, KINETD_BYTES_SENT,
				     (u64)conn->rest_sent - conn->rest_len);
	atomic_dec(&svc->active);

	connection_release_socket(conn, abort);
	kinetd_endpoint_retire(&conn->ep);
}

/*
 * Off every list.  The service, and with it the protocol's module, may be gone
 * as soon as it has one connection less.
 */
static void connection_free(struct kinetd_endpoint *ep)
{
	struct kinetd_connection *conn = to_connection(ep);
	struct kinetd_service *svc = conn->svc;

	kfree(conn->held);
	kfree(conn->rest);
	kmem_cache_free(connection_cache, conn);
	if (atomic_dec_and_test(&svc->open))
		wake_up_var(&svc->open);
}

/*
 * Let the protocol send of itself, until it has no more, the send queue is full
 * or the turn is over.
 *
 * Return: CONNECTION_WAIT where receiving may go on.
 */
static enum connection_verdict connection_transmit(struct kinetd_connection *conn)
{
	u64 start = conn->bytes_sent, before;
	int more;

	while (conn->transmitting && !conn->blocked && !conn->finish) {
		if (conn->bytes_sent - start >= CONNECTION_RUN_BYTES)
			return CONNECTION_AGAIN;
		before = conn->bytes_sent;
		more = conn->svc->proto->transmit(conn);
		if (more < 0)
			return CONNECTION_FAILED;
		conn->transmitting = more;
		/* who wants to go on, and sent nothing, waits for an event as all do */
		if (conn->bytes_sent == before)
			break;
	}
	return CONNECTION_WAIT;
}

/* May the connection send again? */
static bool connection_unblock(struct kinetd_connection *conn)
{
	struct sock *sk = conn->sock->sk;

	if (!conn->blocked)
		return true;
	if (conn->starved) {
		/* who looks at the time clears it, and sets the timer again */
		if (!test_bit(KINETD_EP_TIMER, &conn->ep.flags))
			return false;
		conn->starved = false;
	} else if (!sk_stream_is_writeable(sk)) {
		/* there was room when we were told, and is none now: ask to be told again */
		set_bit(SOCK_NOSPACE, &conn->sock->flags);
		return false;
	}
	conn->blocked = false;
	return true;
}

/*
 * Where we finish first, what the peer still sends must not find us gone: it
 * would be answered by a reset, which can overtake what the peer has yet to read.
 */
static enum connection_verdict connection_linger(struct kinetd_connection *conn)
{
	if (!conn->lingering) {
		conn->lingering = true;
		conn->linger = jiffies + CONNECTION_LINGER;
		/* have this very run set it */
		set_bit(KINETD_EP_TIMER, &conn->ep.flags);
	}
	return time_before(jiffies, conn->linger) ? CONNECTION_WAIT : CONNECTION_DONE;
}

/* TCP sends no FIN, and says nothing, where it has no memory for one. */
static enum connection_verdict connection_finished(struct kinetd_connection *conn)
{
	int state = conn->sock->sk->sk_state;

	kinetd_connection_ignore_input(conn);
	/* of one opened by its data (Fast Open) the FIN waits for the end of the handshake */
	if (kinetd_connection_has_unacked(conn) || state == TCP_SYN_RECV)
		return CONNECTION_WAIT;
	if (state != TCP_FIN_WAIT2)
		return CONNECTION_FAILED;
	return connection_linger(conn);
}

static enum connection_verdict connection_serve(struct kinetd_connection *conn)
{
	struct sock *sk = conn->sock->sk;

	if (unlikely(sk->sk_state == TCP_CLOSE))
		return sk->sk_err ? CONNECTION_FAILED : CONNECTION_DONE;
	if (unlikely(conn->failed))
		return CONNECTION_FAILED;
	if (unlikely(conn->finishing))
		return connection_finished(conn);
	if (!conn->svc->proto->receive)
		kinetd_connection_ignore_input(conn);
	if (unlikely(!connection_unblock(conn)))
		return CONNECTION_WAIT;
	if (unlikely(conn->rest) && kinetd_connection_flush(conn))
		return conn->blocked ? CONNECTION_WAIT : CONNECTION_FAILED;
	if (unlikely(conn->transmitting)) {
		enum connection_verdict verdict = connection_transmit(conn);

		if (verdict != CONNECTION_WAIT)
			return verdict;
	}
	return kinetd_connection_receive(conn);
}

static bool connection_time_to_check(struct kinetd_connection *conn)
{
	return (test_bit(KINETD_EP_TIMER, &conn->ep.flags) &&
		test_and_clear_bit(KINETD_EP_TIMER, &conn->ep.flags)) ||
	       (!conn->watched && kinetd_connection_has_unacked(conn));
}

/*
 * Have TCP allocate as a softirq may, and copy to memory that the CPU's sockets share.
 * Of the reserves that a reclaiming task has nothing is taken, though a softirq that
 * interrupts one could: receivers drop what is in such memory.
 */
static void connection_enter_softirq(struct kinetd_connection *conn, struct kinetd_inline *cpu)
{
	struct sock *sk = conn->sock->sk;

	conn->running = true;
	conn->in_softirq = true;
	sk->sk_allocation = GFP_ATOMIC | __GFP_NOMEMALLOC | __GFP_NOWARN;
	sk->sk_use_task_frag = false;
	kinetd_inline_make_room(cpu, tcp_inq(sk));
	swap(sk->sk_frag, cpu->frag[cpu->turn]);
}

static void connection_leave_softirq(struct kinetd_connection *conn, struct kinetd_inline *cpu)
{
	struct sock *sk = conn->sock->sk;

	swap(sk->sk_frag, cpu->frag[cpu->turn]);
	sk->sk_use_task_frag = true;
	sk->sk_allocation = GFP_KERNEL;
	conn->in_softirq = false;
	conn->running = false;
}

/*
 * A BPF program that TCP runs may set an option that calls sk_write_space() or
 * sk_data_ready(), and TCP may be in the middle of sending.
 */
static bool connection_may_run_inline(const struct kinetd_connection *conn)
{
	return conn->exec_inline && !conn->running && !conn->finishing && !conn->failed &&
	       !sock_owned_by_user(conn->sock->sk) && !has_current_bpf_ctx() &&
	       !(READ_ONCE(conn->ep.flags) & CONNECTION_WORKERS);
}

/*
 * Send the FIN that follows the peer's; the worker is left with the close.
 *
 * Return: CONNECTION_FINISH where there is no memory for one: the worker's.
 */
static enum connection_verdict connection_finish_inline(struct kinetd_connection *conn)
{
	struct sock *sk = conn->sock->sk;

	conn->finishing = true;
	/* as inet_shutdown() */
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | SEND_SHUTDOWN);
	sk->sk_prot->shutdown(sk, SEND_SHUTDOWN);
	conn->corked = false;
	return kinetd_connection_has_unacked(conn) ? CONNECTION_WAIT : CONNECTION_FINISH;
}

/**
 * kinetd_connection_run_in_softirq() - serve a connection here and now
 * @conn: connection; nobody owns its socket
 * @cpu: as returned by kinetd_inline_begin()
 * @finish: TCP is not in the middle of sending, and a FIN may be sent
 *
 * Context: softirq, the socket's spinlock held.
 * Return: false where there is more to do, or something else: the worker's.
 */
bool kinetd_connection_run_in_softirq(struct kinetd_connection *conn, struct kinetd_inline *cpu,
				      bool finish)
{
	enum connection_verdict verdict;

	connection_enter_softirq(conn, cpu);
	verdict = connection_serve(conn);
	if (verdict == CONNECTION_FINISH && finish)
		verdict = connection_finish_inline(conn);
	if (verdict == CONNECTION_FAILED)
		/* what it was given is not to be given to it once more */
		conn->failed = true;
	/* where memory is short the worker, who may wait for it, tries at once */
	if (verdict == CONNECTION_WAIT && !conn->starved && connection_time_to_check(conn) &&
	    kinetd_connection_check_time(conn) != CONNECTION_WAIT)
		set_bit(KINETD_EP_TIMER, &conn->ep.flags);
	connection_leave_softirq(conn, cpu);
	return verdict == CONNECTION_WAIT && !conn->corked &&
	       !test_bit(KINETD_EP_TIMER, &conn->ep.flags);
}

/* A run that the worker has no part in.  Return: false where it is the worker's. */
static bool connection_run_inline(struct kinetd_connection *conn, bool finish)
{
	struct kinetd_inline *cpu;
	bool done;

	if (!connection_may_run_inline(conn))
		return false;
	cpu = kinetd_inline_begin();
	if (!cpu)
		return false;
	done = kinetd_connection_run_in_softirq(conn, cpu, finish);
	kinetd_inline_end(cpu);
	return done;
}

static void connection_state_change(struct sock *sk)
{
	struct kinetd_connection *conn = sk->sk_user_data;

	sock_owned_by_me(sk);
	/* of the peer's FIN sk_data_ready() tells as well, when it is where it can be served */
	if (conn && !(conn->exec_inline && sk->sk_state == TCP_CLOSE_WAIT))
		kinetd_endpoint_kick(&conn->ep);
}

/* What no handler would look at is dropped here, without waking anybody. */
static void connection_data_ready(struct sock *sk)
{
	struct kinetd_connection *conn = sk->sk_user_data;

	sock_owned_by_me(sk);
	if (!conn)
		return;
	if (!conn->svc->proto->receive && !(sk->sk_shutdown & RCV_SHUTDOWN))
		kinetd_connection_ignore_input(conn);
	else if (!connection_run_inline(conn, true))
		kinetd_endpoint_kick(&conn->ep);
}

static void connection_write_space(struct sock *sk)
{
	struct kinetd_connection *conn = sk->sk_user_data;

	sock_owned_by_me(sk);
	if (!sk_stream_is_writeable(sk))
		return;
	if (sk->sk_socket)
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	if (conn && !connection_run_inline(conn, false))
		kinetd_endpoint_kick(&conn->ep);
}

/**
 * kinetd_connection_attach() - put the callbacks in
 * @conn: connection that has its socket
 *
 * Context: the socket's lock held, or its spinlock with nobody owning it.
 */
void kinetd_connection_attach(struct kinetd_connection *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	conn->state_change = sk->sk_state_change;
	conn->write_space = sk->sk_write_space;
	/* until now it has had the listener's, so that nobody else could take the socket */
	rcu_assign_sk_user_data(sk, conn);
	sk->sk_data_ready = connection_data_ready;
	sk->sk_state_change = connection_state_change;
	sk->sk_write_space = connection_write_space;
	conn->attached = true;
	write_unlock_bh(&sk->sk_callback_lock);
	if (kinetd_connection_is_local(sk))
		set_bit(KINETD_EP_LOCAL, &conn->ep.flags);
}

static void connection_conclude(struct kinetd_connection *conn, enum connection_verdict verdict)
{
	struct kinetd_service *svc = conn->svc;

	switch (verdict) {
	case CONNECTION_WAIT:
		break;
	case CONNECTION_AGAIN:
		kinetd_endpoint_kick(&conn->ep);
		break;
	case CONNECTION_FINISH:
		/* kicks: sk_state_change is called whatever the state */
		kernel_sock_shutdown(conn->sock, SHUT_WR);
		break;
	case CONNECTION_DONE:
		connection_close(conn, false);
		break;
	case CONNECTION_FAILED:
		kinetd_service_count(svc, KINETD_ERRORS, 1);
		connection_close(conn, true);
		break;
	case CONNECTION_IDLE:
	case CONNECTION_STALLED:
		kinetd_service_count(svc, KINETD_CONNECTIONS_TIMED_OUT, 1);
		trace_kinetd_connection_timeout(svc, conn->sock->sk);
		connection_close(conn, verdict == CONNECTION_STALLED);
		break;
	}
}

/* A run with the socket lock held */
static enum connection_verdict connection_run_locked(struct kinetd_connection *conn)
{
	enum connection_verdict verdict, late;

	conn->running = true;
	verdict = connection_serve(conn);
	if (verdict <= CONNECTION_FINISH && connection_time_to_check(conn)) {
		late = kinetd_connection_check_time(conn);
		if (late != CONNECTION_WAIT)
			verdict = late;
	}
	if (unlikely(verdict == CONNECTION_FINISH))
		conn->finishing = true;
	/* no softirq is to serve it between here and its close */
	if (unlikely(verdict > CONNECTION_FINISH))
		conn->failed = true;
	conn->running = false;
	return verdict;
}

static void connection_run(struct kinetd_endpoint *ep)
{
	struct kinetd_connection *conn = to_connection(ep);
	unsigned long flags = READ_ONCE(ep->flags);
	struct sock *sk = conn->sock->sk;
	enum connection_verdict verdict;
	bool corked;

	if (unlikely(flags & BIT(KINETD_EP_STOP))) {
		connection_close(conn, flags & BIT(KINETD_EP_ABORT));
		return;
	}
	/* what it was given and has not read is nobody's any more */
	if (inet_sk_state_load(sk) == TCP_CLOSE) {
		connection_conclude(conn, sk->sk_err ? CONNECTION_FAILED : CONNECTION_DONE);
		return;
	}

	lock_sock(sk);
	if (unlikely(!conn->attached))
		kinetd_connection_attach(conn);
	verdict = connection_run_locked(conn);
	corked = conn->corked;
	conn->corked = false;
	release_sock(sk);

	/*
	 * Bytes were sent as having more behind them, and then nothing was: no
	 * acknowledgment may come to push them.
	 */
	if (unlikely(corked))
		tcp_sock_set_nodelay(sk);
	connection_conclude(conn, verdict);
}

static const struct kinetd_endpoint_ops connection_ops = {
	.run	= connection_run,
	.free	= connection_free,
};

/* the connection that an endpoint is, or NULL */
struct kinetd_connection *kinetd_endpoint_connection(struct kinetd_endpoint *ep)
{
	return ep->ops == &connection_ops ? to_connection(ep) : NULL;
}

/**
 * kinetd_connection_alloc() - get a connection without a socket
 * @svc: its service
 * @gfp: for its memory
 *
 * Context: any, as @gfp allows.
 * Return: the connection, or NULL.
 */
struct kinetd_connection *kinetd_connection_alloc(struct kinetd_service *svc, gfp_t gfp)
{
	struct kinetd_connection *conn = kmem_cache_zalloc(connection_cache, gfp);

	if (!conn)
		return NULL;
	kinetd_endpoint_init(&conn->ep, &connection_ops);
	/* the first run sets the timer where one is wanted */
	set_bit(KINETD_EP_TIMER, &conn->ep.flags);
	conn->svc = svc;
	conn->opened = jiffies;
	conn->active = jiffies;
	conn->transmitting = svc->proto->transmit;
	conn->exec_inline = READ_ONCE(svc->exec_inline);
	timer_setup(&conn->timer, connection_timer, 0);
	return conn;
}

int kinetd_connections_init(void)
{
	connection_cache = kmem_cache_create("kinetd_conn", sizeof(struct kinetd_connection), 0,
					     SLAB_HWCACHE_ALIGN, NULL);
	return connection_cache ? 0 : -ENOMEM;
}

void kinetd_connections_exit(void)
{
	kmem_cache_destroy(connection_cache);
}
