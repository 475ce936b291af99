/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SUITES_LINUX_MINMAX_H
#define SUITES_LINUX_MINMAX_H

#define clamp(value, low, high)	((value) < (low) ? (low) : (value) > (high) ? (high) : (value))

#endif
