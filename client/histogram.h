/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_HISTOGRAM_H
#define _KINETD_HISTOGRAM_H

#include <linux/types.h>

#define KINETD_HISTOGRAM_FINENESS	6	/* 2^6 buckets for each power of two */
#define KINETD_HISTOGRAM_RANGE		42	/* values below 2^42: over an hour of nanoseconds */
#define KINETD_HISTOGRAM_BUCKETS						\
	((KINETD_HISTOGRAM_RANGE - KINETD_HISTOGRAM_FINENESS + 1) << KINETD_HISTOGRAM_FINENESS)

/**
 * struct kinetd_histogram - how often values of what size came
 * @nr: values in it
 * @sum: of them
 * @min: the least one, exactly; 0 where there is none
 * @max: the largest one, exactly
 * @bucket: values by size.  Each power of two has the same number of buckets of one
 *	    width, so the width is at most 1/64 of the values in the bucket, and a
 *	    bucket's middle less than 0.8 % away from any of them.  Below 2^7 a
 *	    bucket holds one value.
 *
 * It has no lock.
 */
struct kinetd_histogram {
	u64	nr;
	u64	sum;
	u64	min;
	u64	max;
	u64	bucket[KINETD_HISTOGRAM_BUCKETS];
};

void kinetd_histogram_add(struct kinetd_histogram *hist, u64 value);
u64 kinetd_histogram_mean(const struct kinetd_histogram *hist);
u64 kinetd_histogram_percentile(const struct kinetd_histogram *hist, unsigned int percent);

#endif /* _KINETD_HISTOGRAM_H */
