// SPDX-License-Identifier: GPL-2.0
/*
 * Workers: the threads that serve endpoints.
 *
 * Locking strategy
 *
 * An endpoint has one worker, and only that worker's thread runs it.  Whoever
 * has something for it (a socket callback, a timer, a controller) sets its own
 * state first, then calls kinetd_endpoint_kick().  KINETD_EP_QUEUED says that
 * the endpoint is on the worker's list; who sets it adds it, so it is on one
 * list at most, and the thread clears it before it looks at any state, so that
 * an event during a run leads to another run.
 *
 * A kick reads ep->worker under rcu_read_lock().  To move endpoints away the
 * controller parks the thread, sets ep->worker, waits for a grace period after
 * which no kick can add to the old list any more, and carries over what that
 * list still holds.
 *
 * An endpoint ends in its own thread: run() first takes away whatever kicks it
 * by pointer (callbacks, timers), then kinetd_endpoint_unlink() takes it off
 * worker->endpoints under worker->lock, which all others hold while they look
 * at it or kick.  From then on nobody can queue it; kinetd_endpoint_retire()
 * frees it at once, or if it is queued still, when it comes up.
 *
 * Preempting or not
 *
 * A worker uses less CPU than the peers it serves, so when it wakes the
 * scheduler lets it preempt whoever runs.  With one peer on this machine that
 * is best: the answer is there before the peer has gone to sleep for it.  With
 * several it costs two switches a message, where one wake-up could have served
 * all of their messages.  So the thread watches what it is woken for: for one
 * local endpoint after the other, or for several at once, it becomes
 * SCHED_BATCH, which waits for its turn; for the same one again and again,
 * SCHED_NORMAL.  Several at once weigh as much as can be: a peer of many connections
 * who is answered at once, by a thread that preempts him, stays with the one that
 * was answered for dozens of messages, and the thread would take him for a peer of
 * one, who never has several ready.  For packets from outside, and from peers on
 * other CPUs, it stays SCHED_NORMAL: whoever runs here is no reason to wait.
 *
 * Polling
 *
 * A pool may have its threads look for work for a while before they sleep
 * (busy_poll_us), which saves the wake-up and what the CPU needs to leave its
 * own sleep.  A thread does so only when it had to wait for less than that the
 * last time, and only as long as nobody else wants the CPU.
 */
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched/clock.h>
#include <linux/sched/stat.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <uapi/linux/sched/types.h>

#include <kinetd/sysfs.h>
#include "pool.h"
#include "worker.h"

#define WORKER_TREND	32	/* wake-ups of one kind that make the thread another */
#define WORKER_SEVERAL	WORKER_TREND	/* what a wake-up for several at once counts as */

void kinetd_endpoint_init(struct kinetd_endpoint *ep, const struct kinetd_endpoint_ops *ops)
{
	ep->flags = 0;
	ep->worker = NULL;
	ep->ops = ops;
	INIT_LIST_HEAD(&ep->siblings);
}

static void worker_queue(struct kinetd_worker *worker, struct kinetd_endpoint *ep)
{
	/*
	 * llist_add() is a full barrier: either the thread, having set idle,
	 * sees the entry, or we see idle.
	 */
	if (llist_add(&ep->ready, &worker->ready) && READ_ONCE(worker->idle)) {
		WRITE_ONCE(worker->woken_here,
			   task_cpu(worker->task) == raw_smp_processor_id());
		wake_up_process(worker->task);
	}
}

/**
 * kinetd_endpoint_kick() - have an endpoint run soon
 * @ep: endpoint that was added to a worker
 *
 * Context: any, also softirq.  The caller knows that @ep is not retired: it is
 * its socket's callback or its timer, or it holds worker->lock.
 */
void kinetd_endpoint_kick(struct kinetd_endpoint *ep)
{
	if (test_and_set_bit(KINETD_EP_QUEUED, &ep->flags))
		return;
	rcu_read_lock();
	worker_queue(READ_ONCE(ep->worker), ep);
	rcu_read_unlock();
}

static void worker_link(struct kinetd_worker *worker, struct kinetd_endpoint *ep)
{
	lockdep_assert_held(&worker->lock);
	ep->number = worker->next_number++;
	list_add_tail(&ep->siblings, &worker->endpoints);
	worker->nr_endpoints++;
	WRITE_ONCE(ep->worker, worker);
}

/**
 * kinetd_endpoint_add() - give an endpoint to a worker, and have it run
 * @ep: initialised endpoint
 * @worker: its worker; under rcu_read_lock() from its look-up to this call
 *
 * Context: process context.  @ep may have run, and ended, when this returns.
 */
void kinetd_endpoint_add(struct kinetd_endpoint *ep, struct kinetd_worker *worker)
{
	/* kinetd_endpoint_unlink() waits for the lock, so ep outlives the kick */
	spin_lock_bh(&worker->lock);
	worker_link(worker, ep);
	kinetd_endpoint_kick(ep);
	spin_unlock_bh(&worker->lock);
}

/**
 * kinetd_endpoint_add_idle() - give an endpoint to a worker, to be run when it is kicked
 * @ep: initialised endpoint; the caller holds something without which it cannot end
 * @worker: as of kinetd_endpoint_add()
 *
 * Context: any.
 */
void kinetd_endpoint_add_idle(struct kinetd_endpoint *ep, struct kinetd_worker *worker)
{
	spin_lock_bh(&worker->lock);
	worker_link(worker, ep);
	spin_unlock_bh(&worker->lock);
}

/**
 * kinetd_endpoint_unlink() - take an endpoint away from controllers
 * @ep: the endpoint; its socket's callbacks and its timers are gone
 *
 * From then on nobody can queue it or look at it.
 *
 * Context: its worker's thread, from run().
 */
void kinetd_endpoint_unlink(struct kinetd_endpoint *ep)
{
	struct kinetd_worker *worker = ep->worker;

	spin_lock_bh(&worker->lock);
	list_del_init(&ep->siblings);
	worker->nr_endpoints--;
	spin_unlock_bh(&worker->lock);
}

/**
 * kinetd_endpoint_retire() - end an endpoint
 * @ep: the endpoint, unlinked; not to be touched after
 *
 * Frees it, at once or when it comes up on the list that it is still on.
 *
 * Context: its worker's thread, from run().
 */
void kinetd_endpoint_retire(struct kinetd_endpoint *ep)
{
	set_bit(KINETD_EP_RETIRED, &ep->flags);
	if (!test_bit(KINETD_EP_QUEUED, &ep->flags))
		ep->ops->free(ep);
}

static void worker_run(struct kinetd_endpoint *ep)
{
	clear_bit(KINETD_EP_QUEUED, &ep->flags);
	/* pairs with test_and_set_bit() in kinetd_endpoint_kick() */
	smp_mb__after_atomic();

	if (unlikely(test_bit(KINETD_EP_RETIRED, &ep->flags)))
		ep->ops->free(ep);
	else
		ep->ops->run(ep);
}

static bool worker_is_wanted(struct kinetd_worker *worker)
{
	return !llist_empty(&worker->ready) || kthread_should_park() || kthread_should_stop();
}

static void worker_sleep(struct kinetd_worker *worker)
{
	WRITE_ONCE(worker->idle, true);
	set_current_state(TASK_IDLE | TASK_FREEZABLE);
	if (!worker_is_wanted(worker)) {
		schedule();
		worker->slept = true;
	}
	__set_current_state(TASK_RUNNING);
	WRITE_ONCE(worker->idle, false);
}

/* Return: true where the thread is wanted; false where it is to sleep */
static bool worker_poll(struct kinetd_worker *worker, u64 start, u64 limit)
{
	do {
		if (worker_is_wanted(worker))
			return true;
		if (need_resched() || !single_task_running())
			return false;
		cpu_relax();
	} while (local_clock() - start < limit);
	return false;
}

static void worker_wait(struct kinetd_worker *worker)
{
	u64 limit = (u64)READ_ONCE(worker->pool->busy_poll_us) * NSEC_PER_USEC;
	u64 start;

	if (likely(!limit)) {
		worker_sleep(worker);
		return;
	}
	start = local_clock();
	if (!worker->polls || !worker_poll(worker, start, limit))
		worker_sleep(worker);
	worker->polls = local_clock() - start < limit;
}

static void worker_set_policy(struct kinetd_worker *worker, int policy)
{
	struct sched_attr attr = {
		.size		= sizeof(attr),
		.sched_policy	= policy,
		.sched_nice	= READ_ONCE(worker->nice),
	};

	/* somebody may have made it a real-time thread: leave that */
	if (current->policy != SCHED_NORMAL && current->policy != SCHED_BATCH)
		return;
	sched_setattr_nocheck(current, &attr);
	/* a change of nice that came in between is in worker->nice by now */
	do {
		attr.sched_nice = READ_ONCE(worker->nice);
		set_user_nice(current, attr.sched_nice);
	} while (attr.sched_nice != READ_ONCE(worker->nice));
}

/* @weight: how many wake-ups for many local peers this was; 0: for the same, or from outside */
static void worker_adapt(struct kinetd_worker *worker, int weight)
{
	if (!READ_ONCE(worker->woken_here))
		weight = 0;
	worker->trend = clamp(worker->trend + (weight ?: -1), -WORKER_TREND, WORKER_TREND);
	if (worker->trend == WORKER_TREND && !worker->patient) {
		worker->patient = true;
		worker_set_policy(worker, SCHED_BATCH);
	} else if (worker->trend == -WORKER_TREND && worker->patient) {
		worker->patient = false;
		worker_set_policy(worker, SCHED_NORMAL);
	}
}

/**
 * kinetd_worker_adapt() - learn from what a worker was woken for
 * @worker: worker
 * @another: one of many local peers; else the same again, or one from outside
 *
 * Context: the worker's thread.
 */
void kinetd_worker_adapt(struct kinetd_worker *worker, bool another)
{
	if (worker->alone)
		worker_adapt(worker, another);
}

/* Woken for @ep, and perhaps for others: is that one of many, or the same again? */
static void worker_judge(struct kinetd_worker *worker, const struct kinetd_endpoint *ep)
{
	int weight = worker->alone ? ep != worker->last : WORKER_SEVERAL;

	worker->last = ep;
	if (!ep->ops->many_peers)
		worker_adapt(worker, test_bit(KINETD_EP_LOCAL, &ep->flags) ? weight : 0);
}

/* Run what is ready, oldest first.  Return: false where nothing was. */
static bool worker_run_batch(struct kinetd_worker *worker)
{
	struct llist_node *batch = llist_del_all(&worker->ready);
	struct kinetd_endpoint *ep, *next;

	if (!batch)
		return false;
	/* what came while others were served says nothing of wake-ups */
	worker->alone = worker->slept && !batch->next;
	if (worker->slept)
		worker_judge(worker, llist_entry(batch, struct kinetd_endpoint, ready));
	worker->slept = false;
	batch = llist_reverse_order(batch);
	llist_for_each_entry_safe(ep, next, batch, ready) {
		worker_run(ep);
		cond_resched();
	}
	/*
	 * A thread that always has work never sleeps, and to be preempted is no quiescent
	 * state of RCU-Tasks: tracers, and with them CPU hotplug, would wait for its peers.
	 */
	cond_resched_tasks_rcu_qs();
	return true;
}

static int worker_thread(void *data)
{
	struct kinetd_worker *worker = data;

	set_freezable();
	while (!kthread_should_stop()) {
		try_to_freeze();
		if (kthread_should_park())
			kthread_parkme();
		else if (!worker_run_batch(worker))
			worker_wait(worker);
	}
	/* it serves nothing any more, but what has retired may still be to be freed */
	while (worker_run_batch(worker))
		;
	return 0;
}

/**
 * kinetd_worker_create() - start a worker
 * @pool: owner
 * @pool_name: for the thread's name
 * @index: n in the thread's name
 *
 * Return: the worker, its thread running on the CPUs that kthreads may run on,
 * or an ERR_PTR().
 */
struct kinetd_worker *kinetd_worker_create(struct kinetd_pool *pool, const char *pool_name,
					   unsigned int index)
{
	struct kinetd_worker *worker;
	struct task_struct *task;

	worker = kzalloc(sizeof(*worker), GFP_KERNEL);
	if (!worker)
		return ERR_PTR(-ENOMEM);
	init_llist_head(&worker->ready);
	spin_lock_init(&worker->lock);
	INIT_LIST_HEAD(&worker->endpoints);
	worker->pool = pool;
	worker->index = index;

	task = kthread_create(worker_thread, worker, "kinetd/%s/%u", pool_name, index);
	if (IS_ERR(task)) {
		kfree(worker);
		return ERR_CAST(task);
	}
	worker->task = get_task_struct(task);
	wake_up_process(task);
	return worker;
}

/* @nice is in force when this returns, whatever policy the thread is just taking */
void kinetd_worker_set_nice(struct kinetd_worker *worker, int nice)
{
	WRITE_ONCE(worker->nice, nice);
	set_user_nice(worker->task, nice);
}

/**
 * kinetd_worker_destroy() - stop a worker that serves nothing
 * @worker: without endpoints, and for a grace period out of everybody's reach
 */
void kinetd_worker_destroy(struct kinetd_worker *worker)
{
	kthread_stop(worker->task);
	WARN_ON_ONCE(worker->nr_endpoints || !llist_empty(&worker->ready));
	put_task_struct(worker->task);
	kfree(worker);
}

/* The thread is parked and @worker serves what it serves now; move what @choose wants moved. */
static void worker_reassign(struct kinetd_worker *worker, kinetd_worker_choice choose, void *arg)
{
	struct kinetd_endpoint *ep, *tmp;
	LIST_HEAD(leaving);

	/* nobody else takes entries off the list: only the thread retires endpoints */
	spin_lock_bh(&worker->lock);
	list_splice_init(&worker->endpoints, &leaving);
	worker->nr_endpoints = 0;
	spin_unlock_bh(&worker->lock);

	list_for_each_entry_safe(ep, tmp, &leaving, siblings) {
		list_del(&ep->siblings);
		kinetd_endpoint_add(ep, choose(ep, arg) ?: worker);
	}
}

/* After the grace period: what the list holds goes to the worker that now serves it. */
static void worker_forward(struct kinetd_worker *worker)
{
	struct llist_node *rest = llist_del_all(&worker->ready);
	struct kinetd_endpoint *ep, *next;

	if (!rest)
		return;
	llist_for_each_entry_safe(ep, next, llist_reverse_order(rest), ready)
		worker_queue(ep->worker, ep);
}

/**
 * kinetd_workers_hand_over() - move endpoints to other workers
 * @workers: who gives them up
 * @nr: number of @workers
 * @choose: called for each endpoint; returns its new worker, NULL to leave it
 * @arg: for @choose
 *
 * Endpoints wait while they move; none is lost.  An endpoint that is added to
 * one of @workers meanwhile stays there.
 *
 * Context: process context, kinetd_mutex held, so that targets stay.  Sleeps
 * until each worker has run what was ready, and for a grace period.
 */
void kinetd_workers_hand_over(struct kinetd_worker **workers, unsigned int nr,
			      kinetd_worker_choice choose, void *arg)
{
	unsigned int i;

	lockdep_assert_held(&kinetd_mutex);

	for (i = 0; i < nr; i++) {
		kthread_park(workers[i]->task);
		worker_reassign(workers[i], choose, arg);
	}
	/* as synchronize_net() under rtnl: others wait for the mutex */
	synchronize_rcu_expedited();
	for (i = 0; i < nr; i++) {
		worker_forward(workers[i]);
		kthread_unpark(workers[i]->task);
	}
}
