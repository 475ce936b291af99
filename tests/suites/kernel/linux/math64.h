/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SUITES_LINUX_MATH64_H
#define SUITES_LINUX_MATH64_H

#define div_u64(a, b)	((a) / (b))
#define div64_u64(a, b)	((a) / (b))

#endif
