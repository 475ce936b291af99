/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_RATE_H
#define _KINETD_RATE_H

#include <kinetd/address.h>

struct kinetd_rate;

struct kinetd_rate *kinetd_rate_alloc(void);
void kinetd_rate_free(struct kinetd_rate *rate);
int kinetd_rate_take(struct kinetd_rate *rate, const struct kinetd_address *addr,
		     unsigned int limit);

#endif /* _KINETD_RATE_H */
