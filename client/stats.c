// SPDX-License-Identifier: GPL-2.0
/* What a client counts and measures. */
#include <linux/string.h>

#include "stats.h"

void kinetd_client_stats_setup(struct kinetd_client_stats *stats)
{
	spin_lock_init(&stats->lock);
	kinetd_client_stats_reset(stats);
}

void kinetd_client_stats_reset(struct kinetd_client_stats *stats)
{
	spin_lock(&stats->lock);
	memset(stats->count, 0, sizeof(stats->count));
	memset(&stats->rtt, 0, sizeof(stats->rtt));
	spin_unlock(&stats->lock);
}

void kinetd_client_stats_count(struct kinetd_client_stats *stats, enum kinetd_client_counter which)
{
	spin_lock(&stats->lock);
	stats->count[which]++;
	spin_unlock(&stats->lock);
}

/* a message came back as it was sent, @rtt nanoseconds after */
void kinetd_client_stats_received(struct kinetd_client_stats *stats, u64 rtt)
{
	spin_lock(&stats->lock);
	stats->count[KINETD_CLIENT_RECEIVED]++;
	kinetd_histogram_add(&stats->rtt, rtt);
	spin_unlock(&stats->lock);
}

u64 kinetd_client_stats_get(struct kinetd_client_stats *stats, enum kinetd_client_counter which)
{
	u64 count;

	spin_lock(&stats->lock);
	count = stats->count[which];
	spin_unlock(&stats->lock);
	return count;
}
