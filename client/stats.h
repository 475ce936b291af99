/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_CLIENT_STATS_H
#define _KINETD_CLIENT_STATS_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "histogram.h"

enum kinetd_client_counter {
	KINETD_CLIENT_SENT,
	KINETD_CLIENT_RECEIVED,
	KINETD_CLIENT_MISMATCHED,
	KINETD_CLIENT_LOST,
	KINETD_CLIENT_ERRORS,
	KINETD_CLIENT_RECONNECTS,
	KINETD_NR_CLIENT_COUNTERS
};

/**
 * struct kinetd_client_stats - what a client has seen since it was last started
 * @lock: one thread counts, so it waits for readers only
 * @count: by &enum kinetd_client_counter
 * @rtt: round-trip times of the messages that were received, in nanoseconds
 */
struct kinetd_client_stats {
	spinlock_t		lock;	/* protects the others */
	u64			count[KINETD_NR_CLIENT_COUNTERS];
	struct kinetd_histogram	rtt;
};

void kinetd_client_stats_setup(struct kinetd_client_stats *stats);
void kinetd_client_stats_reset(struct kinetd_client_stats *stats);
void kinetd_client_stats_count(struct kinetd_client_stats *stats,
			       enum kinetd_client_counter which);
void kinetd_client_stats_received(struct kinetd_client_stats *stats, u64 rtt);
u64 kinetd_client_stats_get(struct kinetd_client_stats *stats, enum kinetd_client_counter which);

#endif /* _KINETD_CLIENT_STATS_H */
