/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_STATS_H
#define _KINETD_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

enum kinetd_counter {
	KINETD_CONNECTIONS_ACCEPTED,
	KINETD_CONNECTIONS_CLOSED,
	KINETD_CONNECTIONS_REFUSED,
	KINETD_CONNECTIONS_TIMED_OUT,
	KINETD_BYTES_RECEIVED,
	KINETD_BYTES_SENT,
	KINETD_DATAGRAMS_RECEIVED,
	KINETD_DATAGRAMS_SENT,
	KINETD_DATAGRAMS_DROPPED,
	KINETD_ERRORS,
	KINETD_NR_COUNTERS
};

/**
 * struct kinetd_stats - a service's counters, one set a CPU
 * @count: by &enum kinetd_counter
 *
 * this_cpu_add() is safe against interrupts and preemption everywhere.  Sums
 * are exact when nothing counts; on 32 bits a sum read meanwhile may be torn.
 */
struct kinetd_stats {
	u64	count[KINETD_NR_COUNTERS];
};

#define kinetd_stats_add(stats, which, n)	this_cpu_add((stats)->count[which], (n))

u64 kinetd_stats_sum(const struct kinetd_stats __percpu *stats, enum kinetd_counter which);

#endif /* _KINETD_STATS_H */
