// SPDX-License-Identifier: GPL-2.0
/*
 * Sources: the connections of one service, counted by who opened them.
 *
 * A source is an IPv4 address or an IPv6 /64.  Each connection counts, whether
 * a limit is set or not, so that a limit set later counts right.
 */
#include <linux/err.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "source.h"

struct kinetd_source {
	struct hlist_node	node;
	struct kinetd_address	addr;
	unsigned int		count;
};

static struct kmem_cache *source_cache;

void kinetd_sources_setup(struct kinetd_sources *sources)
{
	spin_lock_init(&sources->lock);
	get_random_bytes(&sources->key, sizeof(sources->key));
	hash_init(sources->table);
}

static struct kinetd_address source_address(const struct kinetd_address *addr)
{
	struct kinetd_address source = *addr;

	if (addr->family == AF_INET6)
		ipv6_addr_prefix(&source.v6, &addr->v6, 64);
	return source;
}

static struct hlist_head *source_bucket(struct kinetd_sources *sources,
					const struct kinetd_address *addr)
{
	u64 prefix = addr->family == AF_INET6 ? (__force u64)addr->v6.s6_addr32[0] << 32 |
						(__force u32)addr->v6.s6_addr32[1] :
						(__force u32)addr->v4.s_addr;
	u64 hash = siphash_1u64(prefix, &sources->key);

	return &sources->table[hash & (HASH_SIZE(sources->table) - 1)];
}

static struct kinetd_source *source_find(struct hlist_head *bucket,
					 const struct kinetd_address *addr)
{
	struct kinetd_source *source;

	hlist_for_each_entry(source, bucket, node)
		if (kinetd_address_equal(&source->addr, addr))
			return source;
	return NULL;
}

/* Count one more of @key.  @spare: becomes the source where there is none, or NULL */
static struct kinetd_source *source_count(struct kinetd_sources *sources,
					  const struct kinetd_address *key, unsigned int limit,
					  struct kinetd_source *spare)
{
	struct hlist_head *bucket = source_bucket(sources, key);
	struct kinetd_source *source;

	spin_lock_bh(&sources->lock);
	source = source_find(bucket, key);
	if (!source && spare) {
		source = spare;
		source->addr = *key;
		hlist_add_head(&source->node, bucket);
	}
	if (source && limit && source->count >= limit)
		source = ERR_PTR(-EDQUOT);
	else if (source)
		source->count++;
	spin_unlock_bh(&sources->lock);
	return source;
}

/**
 * kinetd_source_get() - count one more connection of a source
 * @sources: the service's
 * @addr: the peer
 * @limit: connections that a source may have, 0 for any number
 * @gfp: for what has to be allocated
 *
 * Context: any, as @gfp allows.
 * Return: the source, to be given to kinetd_source_put() when the connection
 * ends; ERR_PTR(-EDQUOT) where @limit is reached, ERR_PTR(-ENOMEM).
 */
struct kinetd_source *kinetd_source_get(struct kinetd_sources *sources,
					const struct kinetd_address *addr, unsigned int limit,
					gfp_t gfp)
{
	struct kinetd_address key = source_address(addr);
	struct kinetd_source *source, *spare;

	source = source_count(sources, &key, limit, NULL);
	if (source)
		return source;
	spare = kmem_cache_zalloc(source_cache, gfp);
	if (!spare)
		return ERR_PTR(-ENOMEM);
	source = source_count(sources, &key, limit, spare);
	/* another may have come first */
	if (source != spare)
		kmem_cache_free(source_cache, spare);
	return source;
}

void kinetd_source_put(struct kinetd_sources *sources, struct kinetd_source *source)
{
	bool last;

	spin_lock_bh(&sources->lock);
	last = !--source->count;
	if (last)
		hlist_del(&source->node);
	spin_unlock_bh(&sources->lock);
	if (last)
		kmem_cache_free(source_cache, source);
}

int kinetd_sources_init(void)
{
	source_cache = kmem_cache_create("kinetd_source", sizeof(struct kinetd_source), 0, 0,
					 NULL);
	return source_cache ? 0 : -ENOMEM;
}

void kinetd_sources_exit(void)
{
	kmem_cache_destroy(source_cache);
}
