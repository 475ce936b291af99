/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_SOURCE_H
#define _KINETD_SOURCE_H

#include <linux/hashtable.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>

#include <kinetd/address.h>

#define KINETD_SOURCE_BITS	8

struct kinetd_source;

/**
 * struct kinetd_sources - who is connected, and how often
 * @lock: protects the rest
 * @key: random, so that nobody can choose addresses that collide
 * @table: &struct kinetd_source, one for each source that has a connection
 *
 * Bounded by the service's max_connections, but for who is just being counted.
 */
struct kinetd_sources {
	spinlock_t	lock; /* the other members */
	siphash_key_t	key;
	DECLARE_HASHTABLE(table, KINETD_SOURCE_BITS);
};

int kinetd_sources_init(void);
void kinetd_sources_exit(void);

void kinetd_sources_setup(struct kinetd_sources *sources);
struct kinetd_source *kinetd_source_get(struct kinetd_sources *sources,
					const struct kinetd_address *addr, unsigned int limit,
					gfp_t gfp);
void kinetd_source_put(struct kinetd_sources *sources, struct kinetd_source *source);

#endif /* _KINETD_SOURCE_H */
