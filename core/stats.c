// SPDX-License-Identifier: GPL-2.0
/* Counters. */
#include <linux/cpumask.h>

#include "stats.h"

u64 kinetd_stats_sum(const struct kinetd_stats __percpu *stats, enum kinetd_counter which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->count[which]);
	return sum;
}
