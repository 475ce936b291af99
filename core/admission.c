// SPDX-License-Identifier: GPL-2.0
/*
 * Admission: from an accepted socket to a connection, or to none.
 *
 * First what it takes is reserved: its place among those that the service may have, and
 * memory.  Then the socket is opened, or turned away.  The listener's worker does both with
 * a socket that it has accepted; a softirq, which has nothing to fall back on once a socket
 * is out of the accept queue, reserves before it takes one.
 */
#include <linux/err.h>
#include <linux/rcupdate.h>
#include <net/tcp.h>

#include "connection.h"
#include "pool.h"
#include "service.h"
#include "socket.h"
#include "source.h"
#include "trace.h"
#include "worker.h"
#include <kinetd/socket.h>

static int admission_max(const struct kinetd_service *svc)
{
	return READ_ONCE(svc->max_connections) ?: INT_MAX;
}

/*
 * Count one more of all, if there is room.  Never more than that, and be it for a moment:
 * another would find itself too many.
 */
static bool admission_take_place(struct kinetd_service *svc)
{
	int active = atomic_read(&svc->active);

	do {
		if (active >= admission_max(svc))
			return false;
	} while (!atomic_try_cmpxchg(&svc->active, &active, active + 1));
	return true;
}

/* Count a connection against the limits.  Return: its source or an ERR_PTR(). */
static struct kinetd_source *admission_count(struct kinetd_service *svc, const struct sock *sk,
					     gfp_t gfp)
{
	struct kinetd_address peer;
	struct kinetd_source *source;

	/* who is too many costs no more than a look */
	if (atomic_read(&svc->active) >= admission_max(svc))
		return ERR_PTR(-EDQUOT);
	kinetd_address_of_peer(sk, &peer);
	source = kinetd_source_get(&svc->sources, &peer, READ_ONCE(svc->max_per_source), gfp);
	if (IS_ERR(source) || admission_take_place(svc))
		return source;
	kinetd_source_put(&svc->sources, source);
	return ERR_PTR(-EDQUOT);
}

/**
 * kinetd_connection_reserve() - get what it takes to serve a socket
 * @svc: service that it came to
 * @sk: the socket, connected
 * @gfp: for what has to be allocated
 *
 * Context: any, as @gfp allows.
 * Return: a connection that counts against the limits, to be opened;
 * ERR_PTR(-EDQUOT) over a limit, ERR_PTR(-ENOMEM).
 */
struct kinetd_connection *kinetd_connection_reserve(struct kinetd_service *svc, struct sock *sk,
						    gfp_t gfp)
{
	struct kinetd_source *source = admission_count(svc, sk, gfp);
	struct kinetd_connection *conn;

	if (IS_ERR(source))
		return ERR_CAST(source);
	conn = kinetd_connection_alloc(svc, gfp);
	if (!conn) {
		kinetd_source_put(&svc->sources, source);
		atomic_dec(&svc->active);
		return ERR_PTR(-ENOMEM);
	}
	conn->source = source;
	return conn;
}

static void admission_begin(struct kinetd_connection *conn, struct socket *sock,
			    void (*data_ready)(struct sock *sk))
{
	struct kinetd_service *svc = conn->svc;

	conn->sock = sock;
	conn->data_ready = data_ready;
	atomic_inc(&svc->open);
	kinetd_service_count(svc, KINETD_CONNECTIONS_ACCEPTED, 1);
	trace_kinetd_connection_open(svc, sock->sk);
}

static void admission_give_to_worker(struct kinetd_connection *conn,
				     void (*add)(struct kinetd_endpoint *ep,
						 struct kinetd_worker *worker))
{
	int cpu = READ_ONCE(conn->sock->sk->sk_incoming_cpu);
	struct kinetd_pool *pool;

	rcu_read_lock();
	pool = rcu_dereference(conn->svc->pool);
	add(&conn->ep, kinetd_pool_pick(pool, cpu));
	rcu_read_unlock();
}

/* a socket that never became a connection of ours still has what it got from the listener */
static void admission_turn_away(struct socket *sock, void (*data_ready)(struct sock *sk))
{
	struct sock *sk = sock->sk;

	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = data_ready;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
	kinetd_socket_linger(sock);
	kinetd_socket_release(sock);
}

/**
 * kinetd_connection_open() - serve an accepted socket
 * @svc: service that it came to
 * @sock: the socket; no longer the caller's, whatever is returned
 * @data_ready: the callback that TCP sockets have of themselves, since @sock has
 *		inherited its listener's
 *
 * Over a limit @sock is closed at once and counted, which is no error.
 *
 * Context: the listener's worker.
 * Return: 0 or -ENOMEM.
 */
int kinetd_connection_open(struct kinetd_service *svc, struct socket *sock,
			   void (*data_ready)(struct sock *sk))
{
	struct kinetd_connection *conn = kinetd_connection_reserve(svc, sock->sk, GFP_KERNEL);

	if (!IS_ERR(conn)) {
		admission_begin(conn, sock, data_ready);
		admission_give_to_worker(conn, kinetd_endpoint_add);
		return 0;
	}
	if (conn == ERR_PTR(-EDQUOT)) {
		kinetd_service_count(svc, KINETD_CONNECTIONS_REFUSED, 1);
		trace_kinetd_connection_refuse(svc, sock->sk);
	}
	admission_turn_away(sock, data_ready);
	return conn == ERR_PTR(-EDQUOT) ? 0 : PTR_ERR(conn);
}

/**
 * kinetd_connection_open_inline() - serve a socket whose first data has just arrived
 * @conn: as returned by kinetd_connection_reserve()
 * @sock: its socket; nobody owns it, and the caller holds its spinlock, which whoever
 *	  would end the connection waits for
 * @data_ready: as of kinetd_connection_open()
 * @cpu: as returned by kinetd_inline_begin()
 *
 * Context: softirq, in the socket's sk_data_ready.
 */
void kinetd_connection_open_inline(struct kinetd_connection *conn, struct socket *sock,
				   void (*data_ready)(struct sock *sk),
				   struct kinetd_inline *cpu)
{
	admission_begin(conn, sock, data_ready);
	kinetd_connection_attach(conn);
	admission_give_to_worker(conn, kinetd_endpoint_add_idle);
	if (!kinetd_connection_run_in_softirq(conn, cpu, true))
		kinetd_endpoint_kick(&conn->ep);
}
