// SPDX-License-Identifier: GPL-2.0
/*
 * Log-linear histograms, as HdrHistogram's.  Nothing in here but arithmetic:
 * the suites compile this file, too.
 */
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "histogram.h"

#define PER_POWER	BIT(KINETD_HISTOGRAM_FINENESS)

static unsigned int bucket_of(u64 value)
{
	unsigned int shift;

	if (value >> KINETD_HISTOGRAM_RANGE)
		return KINETD_HISTOGRAM_BUCKETS - 1;
	if (value < PER_POWER)
		return value;
	/* leaves PER_POWER to 2 * PER_POWER - 1 */
	shift = fls64(value) - 1 - KINETD_HISTOGRAM_FINENESS;
	return shift * PER_POWER + (value >> shift);
}

static u64 bucket_middle(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < PER_POWER)
		return bucket;
	shift = bucket / PER_POWER - 1;
	return ((u64)(bucket - shift * PER_POWER) << shift) + ((1ULL << shift) >> 1);
}

/**
 * kinetd_histogram_add() - put a value in
 * @hist: histogram
 * @value: any; what is beyond the range counts as the largest within it
 */
void kinetd_histogram_add(struct kinetd_histogram *hist, u64 value)
{
	if (!hist->nr || value < hist->min)
		hist->min = value;
	if (value > hist->max)
		hist->max = value;
	hist->nr++;
	hist->sum += value;
	hist->bucket[bucket_of(value)]++;
}

/**
 * kinetd_histogram_mean() - the arithmetic mean
 * @hist: histogram
 *
 * Return: it, rounded down; 0 where there is no value.
 */
u64 kinetd_histogram_mean(const struct kinetd_histogram *hist)
{
	return hist->nr ? div64_u64(hist->sum, hist->nr) : 0;
}

/**
 * kinetd_histogram_percentile() - what so many of a hundred values do not exceed
 * @hist: histogram
 * @percent: 1 to 100
 *
 * Return: the middle of the bucket of the least such value, less than 0.8 %
 * away from it, and never outside of the least and the largest value that were put
 * in; 0 where there is no value.
 */
u64 kinetd_histogram_percentile(const struct kinetd_histogram *hist, unsigned int percent)
{
	u64 rank = div_u64(hist->nr * percent + 99, 100);
	unsigned int bucket;
	u64 seen = 0;

	for (bucket = 0; bucket < KINETD_HISTOGRAM_BUCKETS - 1; bucket++) {
		seen += hist->bucket[bucket];
		if (seen >= rank)
			break;
	}
	return clamp(bucket_middle(bucket), hist->min, hist->max);
}
