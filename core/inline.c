// SPDX-License-Identifier: GPL-2.0
/*
 * Serving inline: the handler runs in the softirq that delivered the data.
 *
 * What it saves is the wake-up of a worker and the switch to it and back.  It is
 * never more than a short cut.  A connection or socket that is served inline has
 * its worker all the same, and whenever the short cut is closed the worker is
 * kicked, and does what it always does: it accepts and attaches who was not accepted
 * with its first data (listener.c), closes, does what may sleep, what takes the socket
 * lock, and what is left over.
 *
 * Who may touch what
 *
 * A TCP connection's state belongs to whoever holds the socket lock.  Its callbacks
 * are called by the softirq that holds the lock's spinlock, with nobody owning the
 * socket, or by an owner, who has some data in a backlog or is in the middle of
 * sending.  Only the first runs the handler; the owner is the worker, who is
 * kicked.  So a worker's run and one in a softirq exclude each other, and both see
 * all that the other did.  No event is lost: one that comes while the worker has
 * the lock kicks it; one that comes before has the worker, who clears
 * KINETD_EP_QUEUED before it takes the lock, see what it brought.  Both may look at
 * one event; the second finds nothing to do.
 *
 * A UDP socket has no lock that would be held.  What a handler is given, the packet
 * and the CPU's routes, is its own.
 *
 * kinetd_connection's callbacks are taken away under lock_sock(), which waits for a
 * softirq that holds the spinlock; from then on none runs.  A UDP socket's hook is
 * called under RCU, and is out of reach a grace period after the socket is out of the
 * kernel's tables.  Both come before a service counts as stopped, so that the text of
 * a protocol's module is not in use when its unregistration returns.
 *
 * Why it cannot deadlock, recurse or sleep
 *
 * TCP sends from this very place itself, under the same lock: what an
 * acknowledgment or a window lets go, by tcp_data_snd_check(), a few lines before
 * or after our callbacks are called.  A device's transmission does not lead back
 * into receiving: loopback, veth and their like queue for another softirq, and where
 * a traffic control action does lead back, @busy has the second one left to its
 * worker.  tcp_sendmsg_locked() processes the backlog after 16 packets: there is
 * none while nobody owns the socket.  It calls sk_write_space(), when it fails and
 * when it makes room: a connection that is served is not served again by it.
 * sk_write_space() is also called by tcp_write_xmit() between two packets.  That
 * keeps no state over this call but what it has counted, and the kernel's TLS sends
 * from there as well.  A FIN, which changes the socket's state, is sent from
 * sk_data_ready() only, after which TCP looks at that state anew.  (A probe for a larger
 * MTU is noted after the call: the one that a run has sent meanwhile is forgotten, and
 * nothing worse.)
 *
 * Accepting takes, with the child locked: the listener's spinlock, by a try, since it is of
 * the same kind; its accept queue's, as TCP does that has just put the child there; and the
 * sources', the worker's and the child's callbacks', none of which is held by anybody who then
 * waits for a socket.
 *
 * Nothing waits: MSG_DONTWAIT, GFP_ATOMIC, no lock but spinlocks that are taken with
 * BHs disabled elsewhere.  Where memory is short the worker tries again with
 * GFP_KERNEL.
 *
 * The stack is that of TCP's own sending, and less than 1 KiB: the pieces of one
 * reflection, 34 of 16 bytes, are most of it.
 *
 * On PREEMPT_RT softirqs are threads, which may be preempted, may sleep on what are
 * spinlocks elsewhere, and have the priority of the interrupt that they serve.  There
 * is no switch to be saved, and a handler would delay what has been given that
 * priority.  There all is left to the workers.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/random.h>
#include <linux/sched/clock.h>

#include "inline.h"

/*
 * Of each jiffy a CPU serves for half, and leaves the rest of that jiffy's events to
 * the workers, which the scheduler can weigh against everybody else.  With HZ=250 that
 * is 2 of 4 ms: at 2 us a small answer, 1000 of them, or 250000 in a second.  What
 * the last run takes beyond that is taken from the jiffies that follow; but a run in
 * the middle of which a whole machine was stopped has not taken all that time.
 *
 * To look at the clock twice is as much as a tenth of a short run.  So where runs are
 * short one in 16 is timed, by lot so that nobody can be quick just then, and stands for 16:
 * the half is that on the average.
 */
#define INLINE_BUDGET_NS	(NSEC_PER_SEC / HZ / 2)
#define INLINE_SPENT_MAX_NS	((u64)NSEC_PER_SEC)
#define INLINE_SHORT_NS		10000
#define INLINE_LOT_BITS		4

static DEFINE_PER_CPU(struct kinetd_inline, inline_cpus);

/* Return: is this run to be timed? */
static bool inline_draw(struct kinetd_inline *cpu)
{
	if (unlikely(!cpu->short_runs))
		return true;
	cpu->lot = cpu->lot * 1664525 + 1013904223; /* any full period will do */
	return !(cpu->lot >> (32 - INLINE_LOT_BITS));
}

/**
 * kinetd_inline_begin() - may something be served here and now?
 *
 * Context: BHs disabled.
 * Return: this CPU, to be given to kinetd_inline_end(); NULL where it is to be left
 * to the worker.
 */
struct kinetd_inline *kinetd_inline_begin(void)
{
	unsigned long now = jiffies;
	struct kinetd_inline *cpu;

	/* netpoll may call a driver, and thus us, where nothing else can run */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) || unlikely(in_hardirq() || irqs_disabled()))
		return NULL;
	cpu = this_cpu_ptr(&inline_cpus);
	if (unlikely(cpu->busy))
		return NULL;
	if (cpu->jiffy != now) {
		cpu->spent -= min(cpu->spent, (u64)(now - cpu->jiffy) * INLINE_BUDGET_NS);
		cpu->jiffy = now;
	}
	if (unlikely(cpu->spent >= INLINE_BUDGET_NS))
		return NULL;
	cpu->busy = true;
	cpu->start = unlikely(inline_draw(cpu)) ? local_clock() : 0;
	return cpu;
}

/**
 * kinetd_inline_make_room() - take other memory to copy to, if this one is full and in use
 * @cpu: as returned by kinetd_inline_begin()
 * @len: bytes that may be copied
 *
 * The other may be in use as well.
 *
 * Context: as kinetd_inline_begin().
 */
void kinetd_inline_make_room(struct kinetd_inline *cpu, u32 len)
{
	const struct page_frag *frag = &cpu->frag[cpu->turn];

	if (frag->page && frag->offset + len > frag->size && page_ref_count(frag->page) > 1)
		cpu->turn = (cpu->turn + 1) % KINETD_INLINE_FRAGS;
}

static void inline_charge(struct kinetd_inline *cpu)
{
	u64 took = min(local_clock() - cpu->start, INLINE_SPENT_MAX_NS);
	bool is_short = took < INLINE_SHORT_NS;

	if (cpu->short_runs)
		took = min(took << INLINE_LOT_BITS, max(took, (u64)INLINE_BUDGET_NS));
	cpu->spent = min(cpu->spent + took, INLINE_SPENT_MAX_NS);
	cpu->short_runs = is_short;
}

/**
 * kinetd_inline_end() - it is served
 * @cpu: as returned by kinetd_inline_begin()
 *
 * Context: as kinetd_inline_begin(), with BHs not enabled in between.
 */
void kinetd_inline_end(struct kinetd_inline *cpu)
{
	if (unlikely(cpu->start))
		inline_charge(cpu);
	cpu->busy = false;
}

void kinetd_inlines_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(inline_cpus, cpu).lot = get_random_u32();
}

/* Context: nothing is served any more. */
void kinetd_inlines_exit(void)
{
	struct page *page;
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < KINETD_INLINE_FRAGS; i++) {
			page = per_cpu(inline_cpus, cpu).frag[i].page;
			if (page)
				put_page(page);
		}
	}
}
