/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_WORKER_H
#define _KINETD_WORKER_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

struct kinetd_endpoint;
struct kinetd_pool;

/**
 * struct kinetd_endpoint_ops - what a worker does with an endpoint
 * @run: serve what is ready, within a budget.  Context: the worker's thread.
 *	 May end in kinetd_endpoint_retire(), and then touches nothing more.
 * @free: last call on a retired endpoint.  Context: the worker's thread.
 * @many_peers: @run calls kinetd_worker_adapt() itself
 */
struct kinetd_endpoint_ops {
	void (*run)(struct kinetd_endpoint *ep);
	void (*free)(struct kinetd_endpoint *ep);
	bool many_peers;
};

/* bits of struct kinetd_endpoint.flags; all may be set from any context */
enum {
	KINETD_EP_QUEUED,	/* on its worker's list, or about to be */
	KINETD_EP_STOP,		/* wanted: an end */
	KINETD_EP_ABORT,	/* with STOP: by reset, the namespace is going */
	KINETD_EP_TIMER,	/* a timer fired, or a timeout was changed */
	KINETD_EP_LOCAL,	/* its peer runs on this machine */
	KINETD_EP_RETIRED,	/* ended; to be freed when it comes up */
};

/**
 * struct kinetd_endpoint - a socket that a worker serves: a listener, a connection, a UDP socket
 * @ready: place in the worker's list of what is ready; valid while QUEUED
 * @flags: KINETD_EP_*
 * @worker: who serves it; changed only by kinetd_workers_hand_over()
 * @ops: its kind
 * @siblings: place in worker->endpoints, under worker->lock
 * @number: larger than that of all that came to the worker before, under worker->lock
 *
 * An endpoint is run by its worker's thread only, so whatever its run() alone
 * uses needs no lock.
 */
struct kinetd_endpoint {
	struct llist_node			ready;
	unsigned long				flags;
	struct kinetd_worker			*worker;
	const struct kinetd_endpoint_ops	*ops;
	struct list_head			siblings;
	u64					number;
};

/**
 * struct kinetd_worker - one kthread of a pool
 * @ready: endpoints with something to do, newest first; anyone adds, the thread takes
 * @idle: the thread sleeps, or is about to look at @ready once more and sleep
 * @woken_here: the last wake-up came from the CPU that the thread slept on
 * @slept: the thread has run nothing since; the thread's own
 * @alone: what runs is all that the thread was woken for; the thread's own
 * @last: endpoint that was run last, to be compared only; the thread's own
 * @trend: towards serving many (positive) or one; the thread's own
 * @patient: the thread is SCHED_BATCH; the thread's own
 * @polls: the last wait was so short that it pays to wait for the next one without
 *	   sleeping; the thread's own
 * @nice: wanted
 * @task: the thread, with a reference
 * @pool: owner
 * @index: n in the thread's name
 * @lock: protects the members that follow
 * @endpoints: all that it serves, in the order of their numbers
 * @nr_endpoints: how many they are
 * @next_number: of the next one to come
 */
struct kinetd_worker {
	struct llist_head	ready;
	bool			idle;
	bool			woken_here;

	const void		*last ____cacheline_aligned_in_smp;
	bool			slept;
	bool			alone;
	int			trend;
	bool			patient;
	bool			polls;
	int			nice;
	struct task_struct	*task;
	struct kinetd_pool	*pool;
	unsigned int		index;

	spinlock_t		lock; /* the next three members */
	struct list_head	endpoints;
	unsigned int		nr_endpoints;
	u64			next_number;
};

typedef void (*kinetd_worker_fn)(struct kinetd_worker *worker, void *arg);

/* picks the worker that is to take over @ep; called with nothing held */
typedef struct kinetd_worker *(*kinetd_worker_choice)(struct kinetd_endpoint *ep, void *arg);

struct kinetd_worker *kinetd_worker_create(struct kinetd_pool *pool, const char *pool_name,
					   unsigned int index);
void kinetd_worker_set_nice(struct kinetd_worker *worker, int nice);
void kinetd_worker_adapt(struct kinetd_worker *worker, bool another);
void kinetd_worker_destroy(struct kinetd_worker *worker);
void kinetd_workers_hand_over(struct kinetd_worker **workers, unsigned int nr,
			      kinetd_worker_choice choose, void *arg);

void kinetd_endpoint_init(struct kinetd_endpoint *ep, const struct kinetd_endpoint_ops *ops);
void kinetd_endpoint_add(struct kinetd_endpoint *ep, struct kinetd_worker *worker);
void kinetd_endpoint_add_idle(struct kinetd_endpoint *ep, struct kinetd_worker *worker);
void kinetd_endpoint_kick(struct kinetd_endpoint *ep);
void kinetd_endpoint_unlink(struct kinetd_endpoint *ep);
void kinetd_endpoint_retire(struct kinetd_endpoint *ep);

#endif /* _KINETD_WORKER_H */
