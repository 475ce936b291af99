/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_CONNECTION_H
#define _KINETD_CONNECTION_H

#include <linux/timer.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "service.h"
#include "worker.h"

struct kinetd_inline;

#define CONNECTION_RUN_BYTES	(64 * 1024)	/* read or sent in a run, then others have theirs */

/* what a look at a connection led to */
enum connection_verdict {
	CONNECTION_WAIT,	/* for the next event */
	CONNECTION_AGAIN,	/* more to do, after the others */
	CONNECTION_FINISH,	/* the peer has finished: send what is queued, then FIN */
	CONNECTION_DONE,	/* closed on both sides */
	CONNECTION_FAILED,	/* reset by the peer, or by the handler */
	CONNECTION_IDLE,	/* nothing was heard for too long */
	CONNECTION_STALLED,	/* the peer takes nothing of what waits for it */
};

/**
 * struct kinetd_connection - one accepted TCP connection
 * @ep: its place among its worker's endpoints
 * @sock: the socket, ours
 * @svc: its service, which waits for it to end
 * @source: its peer's count
 * @timer: kicks when a timeout may have passed
 * @data_ready: the socket's own callback, to be put back
 * @state_change: likewise
 * @write_space: likewise
 * @opened: jiffies
 * @active: jiffies of the last byte that arrived or was acknowledged
 * @stalled: jiffies since when nothing of what waits was acknowledged
 * @acked: bytes acknowledged when last looked at
 * @bytes_received: from the peer
 * @bytes_sent: to the peer, queued
 * @unread: bytes that have arrived and were counted, but are not read yet
 * @attached: the callbacks are ours
 * @blocked: waits for room in the send queue
 * @starved: with @blocked: for want of memory, with nothing queued whose
 *	     acknowledgment would tell of room
 * @exec_inline: served in softirqs, where that is possible
 * @running: it is being served
 * @in_softirq: with @running: in a softirq
 * @failed: it has come to an end; to be closed by the worker
 * @corked: what was sent last was announced as having more behind it
 * @finishing: our FIN is queued; waits for the peer to acknowledge everything
 * @watched: something waits for acknowledgment, @stalled is valid
 * @transmitting: the protocol's transmit() has not said yet that it is done
 * @finish: the handler wants no more than what is queued sent, then FIN
 * @lingering: the peer has everything; @linger is valid
 * @linger: jiffies when the peer has had its time to finish too
 * @held: what a handler left, taken out of the receive queue where it pinned too much
 *	  there, or NULL
 * @held_len: bytes in @held
 * @held_done: of these the handler is done with
 * @rest: of what a handler sent and TCP had no room for, or NULL
 * @rest_len: bytes in @rest
 * @rest_sent: of these
 *
 * All but @ep, @svc and @sock belongs to whoever holds the socket lock, and to the
 * worker's thread alone before it is attached and once it is detached: the callbacks
 * run under the socket lock, and may serve it (see inline.c).  The softirq that accepts one
 * has the lock from the start.
 */
struct kinetd_connection {
	struct kinetd_endpoint	ep;
	struct socket		*sock;
	struct kinetd_service	*svc;
	struct kinetd_source	*source;
	struct timer_list	timer;

	void			(*data_ready)(struct sock *sk);
	void			(*state_change)(struct sock *sk);
	void			(*write_space)(struct sock *sk);

	unsigned long		opened;
	unsigned long		active;
	unsigned long		stalled;
	u64			acked;
	u64			bytes_received;
	u64			bytes_sent;
	u32			unread;
	bool			attached;
	bool			blocked;
	bool			starved;
	bool			exec_inline;
	bool			running;
	bool			in_softirq;
	bool			failed;
	bool			corked;
	bool			finishing;
	bool			watched;
	bool			transmitting;
	bool			finish;
	bool			lingering;
	u32			held_len;
	u32			held_done;
	void			*held;
	u32			rest_len;
	u32			rest_sent;
	void			*rest;
	unsigned long		linger;
};

/* how much of what waits to be read is not in the receive queue any more; the first of it */
static inline u32 kinetd_connection_held(const struct kinetd_connection *conn)
{
	return conn->held_len - conn->held_done;
}

/* does anything that was sent wait for the peer? */
static inline bool kinetd_connection_has_unacked(const struct kinetd_connection *conn)
{
	return !tcp_rtx_and_write_queues_empty(conn->sock->sk);
}

int kinetd_connections_init(void);
void kinetd_connections_exit(void);

/* admission.c */
struct kinetd_connection *kinetd_connection_reserve(struct kinetd_service *svc, struct sock *sk,
						    gfp_t gfp);
int kinetd_connection_open(struct kinetd_service *svc, struct socket *sock,
			   void (*data_ready)(struct sock *sk));
void kinetd_connection_open_inline(struct kinetd_connection *conn, struct socket *sock,
				   void (*data_ready)(struct sock *sk),
				   struct kinetd_inline *cpu);

/* connection.c */
struct kinetd_connection *kinetd_connection_alloc(struct kinetd_service *svc, gfp_t gfp);
void kinetd_connection_attach(struct kinetd_connection *conn);
bool kinetd_connection_run_in_softirq(struct kinetd_connection *conn, struct kinetd_inline *cpu,
				      bool finish);
bool kinetd_connection_is_local(struct sock *sk);
struct kinetd_connection *kinetd_endpoint_connection(struct kinetd_endpoint *ep);

/* receive.c, send.c, timeout.c */
void kinetd_connection_ignore_input(struct kinetd_connection *conn);
enum connection_verdict kinetd_connection_receive(struct kinetd_connection *conn);
void kinetd_connection_block(struct kinetd_connection *conn);
int kinetd_connection_flush(struct kinetd_connection *conn);
enum connection_verdict kinetd_connection_check_time(struct kinetd_connection *conn);

#endif /* _KINETD_CONNECTION_H */
