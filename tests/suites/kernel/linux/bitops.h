/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SUITES_LINUX_BITOPS_H
#define SUITES_LINUX_BITOPS_H

#define BIT(nr)	(1UL << (nr))

static inline int fls64(unsigned long long x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

#endif
