// SPDX-License-Identifier: GPL-2.0
/*
 * Rates: how often a service answers one source.
 *
 * A source is an IPv4 address or an IPv6 /64.  The table has a fixed size and
 * a random key: a source has a few places that it may be in, and a place is
 * free again as soon as its source's second is over.  Where all of them are
 * taken a new source is refused, so that nobody who forges sources makes the
 * table grow or evicts who is limited.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <net/ipv6.h>

#include "rate.h"

#define RATE_SETS	4096
#define RATE_WAYS	8

/* A source and its second, which began with its first answer */
struct rate_source {
	u64		source;
	u64		end;	/* jiffies64 */
	unsigned int	taken;
};

struct rate_set {
	spinlock_t		lock; /* the sources */
	struct rate_source	source[RATE_WAYS];
};

struct kinetd_rate {
	siphash_key_t	key;
	struct rate_set	set[RATE_SETS];
};

struct kinetd_rate *kinetd_rate_alloc(void)
{
	struct kinetd_rate *rate = kvzalloc(sizeof(*rate), GFP_KERNEL);
	unsigned int i;

	if (!rate)
		return NULL;
	get_random_bytes(&rate->key, sizeof(rate->key));
	for (i = 0; i < RATE_SETS; i++)
		spin_lock_init(&rate->set[i].lock);
	return rate;
}

void kinetd_rate_free(struct kinetd_rate *rate)
{
	kvfree(rate);
}

/* IPv4 where no IPv6 prefix is: 0:1::/32 is nobody's */
static u64 source_of(const struct kinetd_address *addr)
{
	if (addr->family == AF_INET)
		return 1ULL << 32 | ntohl(addr->v4.s_addr);
	return be64_to_cpup((const __be64 *)&addr->v6);
}

/* Return: the place of @source, another one that is free, or NULL */
static struct rate_source *set_find(struct rate_set *set, u64 source, u64 now)
{
	struct rate_source *spare = NULL;
	unsigned int i;

	for (i = 0; i < RATE_WAYS; i++) {
		struct rate_source *place = &set->source[i];

		if (place->source == source)
			return place;
		if (!spare && place->end <= now)
			spare = place;
	}
	return spare;
}

static int source_take(struct rate_source *place, u64 source, u64 now, unsigned int limit)
{
	if (place->source != source || place->end <= now) {
		place->source = source;
		place->end = now + HZ;
		place->taken = 0;
	}
	if (place->taken >= limit)
		return -EDQUOT;
	place->taken++;
	return 0;
}

/**
 * kinetd_rate_take() - may a source be answered once more?
 * @rate: the service's
 * @addr: the source
 * @limit: answers that it may have in a second
 *
 * Context: any but hard interrupts.
 * Return: 0, and it is counted; -EDQUOT where it had that many; -ENOSPC where there
 * are too many sources.
 */
int kinetd_rate_take(struct kinetd_rate *rate, const struct kinetd_address *addr,
		     unsigned int limit)
{
	u64 source = source_of(addr), now = get_jiffies_64();
	struct rate_source *place;
	struct rate_set *set;
	int err = -ENOSPC;

	set = &rate->set[siphash_1u64(source, &rate->key) % RATE_SETS];
	spin_lock_bh(&set->lock);
	place = set_find(set, source, now);
	if (place)
		err = source_take(place, source, now, limit);
	spin_unlock_bh(&set->lock);
	return err;
}
