/* SPDX-License-Identifier: GPL-2.0 */
/* As much of the kernel as the modules' arithmetic needs, to test it in user space. */
#ifndef SUITES_LINUX_TYPES_H
#define SUITES_LINUX_TYPES_H

#include_next <linux/types.h>

typedef __u64 u64;

#endif
