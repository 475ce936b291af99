// SPDX-License-Identifier: GPL-2.0
/*
 * Timeouts of a connection: how long it may be silent, and how long what waits for
 * its peer may wait (services' idle_timeout_ms and send_timeout_ms); and TCP's keepalive,
 * which finds peers that are gone.  Most connections end long before its first probe, and
 * are spared its timer: a young one gets it when it is looked at again, if that is soon.
 */
#include <linux/jiffies.h>
#include <linux/timer.h>
#include <net/tcp.h>

#include "connection.h"

#define CONNECTION_YOUNG	HZ		/* it may end at once, as many do */
#define CONNECTION_SOON		(60 * HZ)	/* for a young one to be looked at again */
#define CONNECTION_STARVED	(HZ / 50 + 1)	/* after a send that found no memory */

/* Has the peer acknowledged anything since the last look? */
static void connection_note_progress(struct kinetd_connection *conn)
{
	const struct tcp_sock *tp = tcp_sk(conn->sock->sk);
	unsigned long heard;

	if (tp->bytes_acked == conn->acked)
		return;
	conn->acked = tp->bytes_acked;
	conn->stalled = jiffies;
	/* this look may come long after what it sees */
	heard = jiffies - (tcp_jiffies32 - tp->rcv_tstamp);
	if (time_after(heard, conn->active))
		conn->active = heard;
}

/* as sock_set_keepalive(), which takes the lock */
static void connection_keep_alive(struct kinetd_connection *conn)
{
	struct sock *sk = conn->sock->sk;

	if (sock_flag(sk, SOCK_KEEPOPEN))
		return;
	sk->sk_prot->keepalive(sk, true);
	sock_set_flag(sk, SOCK_KEEPOPEN);
}

/**
 * kinetd_connection_check_time() - has the peer kept us waiting for too long?
 * @conn: connection
 *
 * Looks at both timeouts and sets the timer for the next look.  While something
 * waits for the peer, that is four times in a timeout, since acknowledgments
 * that make progress do not run the connection.
 *
 * Context: socket lock held; a worker or a softirq.
 * Return: CONNECTION_WAIT, CONNECTION_IDLE or CONNECTION_STALLED.
 */
enum connection_verdict kinetd_connection_check_time(struct kinetd_connection *conn)
{
	unsigned int send_ms = READ_ONCE(conn->svc->send_timeout_ms);
	unsigned int idle_ms = READ_ONCE(conn->svc->idle_timeout_ms);
	unsigned long now = jiffies, next = now + MAX_JIFFY_OFFSET;
	bool watched = send_ms && kinetd_connection_has_unacked(conn), wanted;

	connection_note_progress(conn);
	if (watched && !conn->watched)
		conn->stalled = now;
	conn->watched = watched;

	if (watched) {
		unsigned long timeout = msecs_to_jiffies(send_ms);

		if (time_after_eq(now, conn->stalled + timeout))
			return CONNECTION_STALLED;
		next = min_t(unsigned long, conn->stalled + timeout - now, timeout / 4 + 1) + now;
	}
	if (idle_ms && !conn->finishing) {
		unsigned long end = conn->active + msecs_to_jiffies(idle_ms);

		if (time_after_eq(now, end))
			return CONNECTION_IDLE;
		if (time_before(end, next))
			next = end;
	}
	if (conn->lingering && time_before(conn->linger, next))
		next = conn->linger;
	if (conn->starved)
		next = now + CONNECTION_STARVED;
	wanted = watched || conn->starved || conn->lingering || (idle_ms && !conn->finishing);
	if (wanted)
		mod_timer(&conn->timer, next);
	else
		timer_delete(&conn->timer);
	if (!wanted || time_after(next, now + CONNECTION_SOON) ||
	    time_after(now, conn->opened + CONNECTION_YOUNG))
		connection_keep_alive(conn);
	return CONNECTION_WAIT;
}
