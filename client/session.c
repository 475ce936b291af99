// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: a client at work, from its start to its stop.
 *
 * A session is a thread with a channel.  It sends a message when that is due,
 * waits for the answer, and accounts for it.  Where the channel breaks it opens
 * another, each time after a longer pause until an answer comes again.  Everything
 * it waits for, it waits for in kinetd_channel_wait(), which a stop ends at once.
 */
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/random.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/time64.h>

#include "channel.h"
#include "exchange.h"
#include "session.h"
#include "stats.h"

/* pause before a channel is opened again: none at first, then from the one to the other */
#define SESSION_MIN_PAUSE	(10 * NSEC_PER_MSEC)
#define SESSION_MAX_PAUSE	NSEC_PER_SEC

/**
 * struct kinetd_session - a client at work
 * @plan: what to do
 * @net: where; without a reference, since the client ends with it
 * @stats: the client's
 * @task: the thread, referenced
 * @done: the thread has closed its channel and touches nothing any more
 * @chan: its socket
 * @ex: the message at hand
 * @sent: messages that were sent
 * @due: when the next one is, by ktime_get_ns(), as all times here
 * @connected: a channel was opened before
 * @pause: before the next channel is opened
 * @retry: when that may be
 */
struct kinetd_session {
	struct kinetd_session_plan	plan;
	struct net			*net;
	struct kinetd_client_stats	*stats;
	struct task_struct		*task;
	bool				done;

	struct kinetd_channel		chan;
	struct kinetd_exchange		ex;
	u64				sent;
	u64				due;
	bool				connected;
	u64				pause;
	u64				retry;
};

static void session_count(struct kinetd_session *session, enum kinetd_client_counter which)
{
	kinetd_client_stats_count(session->stats, which);
}

static u64 session_timeout(const struct kinetd_session *session)
{
	return (u64)session->plan.timeout_ms * NSEC_PER_MSEC;
}

static void session_disconnect(struct kinetd_session *session, bool abort)
{
	kinetd_channel_close(&session->chan, abort);
	session->retry = ktime_get_ns() + session->pause;
	session->pause = clamp(2 * session->pause, SESSION_MIN_PAUSE, SESSION_MAX_PAUSE);
}

/* Return: true when the channel is usable; else try again, if not to stop */
static bool session_connect(struct kinetd_session *session)
{
	const struct kinetd_session_plan *plan = &session->plan;
	int err;

	if (kinetd_channel_usable(&session->chan))
		return true;
	if (session->chan.sock) {
		session_count(session, KINETD_CLIENT_ERRORS);
		session_disconnect(session, false);
	}
	if (!kinetd_channel_sleep(&session->chan, session->retry))
		return false;
	err = kinetd_channel_open(&session->chan, session->net, plan->type, &plan->addr, plan->port,
				  ktime_get_ns() + session_timeout(session));
	if (err) {
		if (err != -EINTR)
			session_count(session, KINETD_CLIENT_ERRORS);
		session_disconnect(session, true);
		return false;
	}
	if (session->connected)
		session_count(session, KINETD_CLIENT_RECONNECTS);
	session->connected = true;
	return true;
}

static void session_answered(struct kinetd_session *session, enum kinetd_verdict verdict)
{
	const struct kinetd_exchange *ex = &session->ex;

	if (verdict == KINETD_RECEIVED)
		kinetd_client_stats_received(session->stats, ex->ended - ex->begun);
	else
		session_count(session, KINETD_CLIENT_MISMATCHED);
	session->pause = 0;
	/* an answer to what was not asked yet: not in step any more */
	if (ex->sent < ex->size)
		session_disconnect(session, true);
}

static void session_unanswered(struct kinetd_session *session, enum kinetd_verdict verdict)
{
	/* a datagram has no connection that could be out of step */
	bool keep = verdict == KINETD_LATE && session->plan.type == SOCK_DGRAM;

	if (session->ex.sent)
		session_count(session, KINETD_CLIENT_LOST);
	if (verdict == KINETD_BROKEN)
		session_count(session, KINETD_CLIENT_ERRORS);
	if (!keep)
		session_disconnect(session, true);
}

/* One message.  It is on time, or the schedule starts anew where it is an interval late. */
static void session_exchange(struct kinetd_session *session)
{
	u64 interval = (u64)session->plan.interval_us * NSEC_PER_USEC;
	struct kinetd_exchange *ex = &session->ex;
	enum kinetd_verdict verdict;

	kinetd_exchange_prepare(ex, ex->first + session->sent);
	verdict = kinetd_exchange_run(ex, session_timeout(session));
	if (verdict == KINETD_RECEIVED || verdict == KINETD_MISMATCHED)
		session_answered(session, verdict);
	else
		session_unanswered(session, verdict);
	if (!ex->sent)
		return;
	session->sent++;
	if (ex->begun > session->due + interval)
		session->due = ex->begun;
	session->due += interval;
}

static bool session_complete(const struct kinetd_session *session)
{
	return session->plan.count && session->sent >= session->plan.count;
}

static int session_main(void *arg)
{
	struct kinetd_session *session = arg;

	set_freezable();
	session->due = ktime_get_ns();
	while (!session_complete(session) &&
	       kinetd_channel_sleep(&session->chan, session->due)) {
		if (session_connect(session))
			session_exchange(session);
	}
	/* an answer that is still to come was given up, and the channel with it */
	kinetd_channel_close(&session->chan, false);
	/* pairs with kinetd_session_running() */
	smp_store_release(&session->done, true);
	return 0;
}

static void session_free(struct kinetd_session *session)
{
	kvfree(session->ex.room);
	kvfree(session->ex.message);
	kfree(session);
}

static struct kinetd_session *session_alloc(struct net *net,
					    const struct kinetd_session_plan *plan,
					    struct kinetd_client_stats *stats)
{
	struct kinetd_session *session = kzalloc(sizeof(*session), GFP_KERNEL);
	struct kinetd_exchange *ex;

	if (!session)
		return NULL;
	session->plan = *plan;
	session->net = net;
	session->stats = stats;
	ex = &session->ex;
	ex->chan = &session->chan;
	ex->stats = stats;
	ex->size = plan->payload_bytes;
	ex->first = get_random_u64();
	ex->message = kvmalloc(ex->size, GFP_KERNEL);
	ex->room = kvmalloc(min_t(size_t, ex->size, KINETD_EXCHANGE_ROOM), GFP_KERNEL);
	if (!ex->message || !ex->room) {
		session_free(session);
		return NULL;
	}
	return session;
}

/**
 * kinetd_session_start() - begin to send
 * @name: the client's, for the thread's
 * @net: namespace of the sockets; must not end before the session is stopped
 * @plan: what to do; copied
 * @stats: where to count, set to 0 first; must stay until the session is stopped
 *
 * Return: the session, to be given to kinetd_session_stop() also after it has come
 * to its end by itself, or an ERR_PTR() and @stats as they were.
 */
struct kinetd_session *kinetd_session_start(const char *name, struct net *net,
					    const struct kinetd_session_plan *plan,
					    struct kinetd_client_stats *stats)
{
	struct kinetd_session *session = session_alloc(net, plan, stats);
	struct task_struct *task;

	if (!session)
		return ERR_PTR(-ENOMEM);
	task = kthread_create(session_main, session, "kinetd_client/%s", name);
	if (IS_ERR(task)) {
		session_free(session);
		return ERR_CAST(task);
	}
	/* it may end by itself, and kthread_stop() wants it all the same */
	session->task = get_task_struct(task);
	session->chan.task = task;
	kinetd_client_stats_reset(stats);
	wake_up_process(task);
	return session;
}

/**
 * kinetd_session_stop() - stop at once
 * @session: session, gone afterwards
 *
 * An answer that is outstanding counts as lost.
 *
 * Context: process context.  Waits for the thread, which waits for no peer.
 */
void kinetd_session_stop(struct kinetd_session *session)
{
	kthread_stop(session->task);
	put_task_struct(session->task);
	session_free(session);
}

/* false where it has sent all that it was to send, and has closed its socket */
bool kinetd_session_running(const struct kinetd_session *session)
{
	/* pairs with session_main() */
	return !smp_load_acquire(&session->done);
}
