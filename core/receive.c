// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving: what has arrived on a connection, and what its handler makes of it.
 *
 * What is not read stays in the receive queue, so the window closes and the peer
 * slows down.
 */
#include <linux/slab.h>
#include <net/tcp.h>

#include <kinetd/protocol.h>

#include "connection.h"

#define CONNECTION_HOLD_MAX	(64 * 1024)	/* taken out of the receive queue */

/* Bytes are counted when they are first seen, so before an answer to them is. */
static void connection_count_received(struct kinetd_connection *conn, u32 waiting)
{
	u32 fresh = waiting - conn->unread;

	if (!fresh)
		return;
	conn->unread = waiting;
	conn->bytes_received += fresh;
	conn->active = jiffies;
	kinetd_service_count(conn->svc, KINETD_BYTES_RECEIVED, fresh);
}

static u32 connection_waiting(const struct kinetd_connection *conn)
{
	return kinetd_connection_held(conn) + tcp_inq(conn->sock->sk);
}

/* Take from the receive queue. */
static void connection_read_done(struct sock *sk, u32 len)
{
	struct tcp_sock *tp = tcp_sk(sk);

	tcp_read_done(sk, len);
	/* as tcp_recvmsg() does once it has read past an urgent byte */
	if (unlikely(tp->urg_data) && after(tp->copied_seq, tp->urg_seq))
		WRITE_ONCE(tp->urg_data, 0);
}

static void connection_consume(struct kinetd_connection *conn, u32 len)
{
	conn->unread -= len;
	if (unlikely(conn->held)) {
		u32 held = min(len, kinetd_connection_held(conn));

		conn->held_done += held;
		len -= held;
		if (!kinetd_connection_held(conn)) {
			kfree(conn->held);
			conn->held = NULL;
			conn->held_len = 0;
			conn->held_done = 0;
		}
	}
	if (len)
		connection_read_done(conn->sock->sk, len);
}

/*
 * What a handler leaves, be it a few bytes, pins the whole packet in which they
 * came.  Where that is a large part of the receive buffer, as on the loopback,
 * the window stays shut, and the bytes that the handler waits for never come.
 * So take them out of the packet.
 *
 * Return: CONNECTION_WAIT, or CONNECTION_AGAIN where it takes the worker, who may wait
 * for so much memory.
 */
static enum connection_verdict connection_hold(struct kinetd_connection *conn)
{
	struct sock *sk = conn->sock->sk;
	u32 left = tcp_inq(sk), all = kinetd_connection_held(conn) + left;
	void *held;

	if (!left || all > CONNECTION_HOLD_MAX ||
	    atomic_read(&sk->sk_rmem_alloc) <= READ_ONCE(sk->sk_rcvbuf) / 4)
		return CONNECTION_WAIT;
	if (conn->in_softirq)
		return CONNECTION_AGAIN;
	held = kmalloc(all, sk->sk_allocation);
	if (!held) {
		/* try again when a timer or an acknowledgment says so */
		kinetd_connection_block(conn);
		return CONNECTION_WAIT;
	}
	if (kinetd_connection_peek(conn, held, all) != all) {
		kfree(held);
		return CONNECTION_WAIT;
	}
	kfree(conn->held);
	conn->held = held;
	conn->held_len = all;
	conn->held_done = 0;
	connection_read_done(sk, left);
	return CONNECTION_WAIT;
}

/**
 * kinetd_connection_ignore_input() - drop what has arrived
 * @conn: connection
 *
 * Context: socket lock held; a worker, or a callback.
 */
void kinetd_connection_ignore_input(struct kinetd_connection *conn)
{
	u32 waiting = connection_waiting(conn);

	connection_count_received(conn, waiting);
	if (waiting)
		connection_consume(conn, waiting);
}

/* Has the peer, or the protocol, nothing more to say, and is all of it queued? */
static bool connection_at_end(const struct kinetd_connection *conn)
{
	if (conn->rest)
		return false;
	return conn->finish ||
	       (!conn->transmitting && conn->sock->sk->sk_shutdown & RCV_SHUTDOWN);
}

static ssize_t connection_offer(struct kinetd_connection *conn, size_t len)
{
	return conn->svc->proto->receive ? conn->svc->proto->receive(conn, len) : len;
}

/*
 * How much of @waiting the handler is to have, with @budget left of this run.  Where more
 * waits than that, the run ends with a whole segment, or each that sends back what it has
 * taken would end in a packet of a few bytes.
 */
static u32 connection_share(const struct kinetd_connection *conn, u32 waiting, u32 budget)
{
	u32 mss = tcp_sk(conn->sock->sk)->mss_cache;
	u32 end = CONNECTION_RUN_BYTES - CONNECTION_RUN_BYTES % mss;
	u32 done = CONNECTION_RUN_BYTES - budget;

	if (waiting <= budget)
		return waiting;
	return end - min(done, end);
}

/**
 * kinetd_connection_receive() - give the handler what has arrived
 * @conn: connection
 *
 * Until it wants no more or the turn is over.
 *
 * Context: socket lock held.
 * Return: CONNECTION_WAIT, CONNECTION_AGAIN, CONNECTION_FINISH or CONNECTION_FAILED.
 */
enum connection_verdict kinetd_connection_receive(struct kinetd_connection *conn)
{
	struct sock *sk = conn->sock->sk;
	u32 budget = CONNECTION_RUN_BYTES;
	u32 waiting = 0, len;
	ssize_t used;

	while (!conn->finish) {
		waiting = connection_waiting(conn);
		connection_count_received(conn, waiting);
		if (!waiting)
			break;
		len = connection_share(conn, waiting, budget);
		if (!len)
			return CONNECTION_AGAIN;
		used = connection_offer(conn, len);
		/* perhaps it wants more than the rest of this turn, or even than a turn */
		if (!used && len < waiting && !conn->blocked && !conn->finish) {
			if (budget < CONNECTION_RUN_BYTES)
				return CONNECTION_AGAIN;
			len = waiting;
			used = connection_offer(conn, len);
		}
		if (used < 0 || WARN_ON_ONCE(used > len))
			return CONNECTION_FAILED;
		if (used) {
			connection_consume(conn, used);
			budget -= min_t(u32, used, budget);
		}
		if (!used || conn->blocked)
			break;
	}
	/* what the handler left, if anything, waits for room or for more bytes */
	if (!conn->blocked && connection_at_end(conn) &&
	    (conn->finish || connection_waiting(conn) == waiting))
		return CONNECTION_FINISH;
	if (waiting && !conn->blocked && !(sk->sk_shutdown & RCV_SHUTDOWN))
		return connection_hold(conn);
	return CONNECTION_WAIT;
}
