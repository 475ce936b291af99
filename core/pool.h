/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_POOL_H
#define _KINETD_POOL_H

#include <linux/cpumask.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <kinetd/sysfs.h>

#include "worker.h"

#define KINETD_POOL_DEFAULT	"default"
#define KINETD_THREADS_MAX	1024
#define KINETD_BUSY_POLL_MAX_US	10000

/**
 * struct kinetd_workers - the workers of a pool; replaced as a whole when it changes
 * @next: spreads endpoints over workers that are equally near
 * @nr: number of @worker
 * @nr_homes: number of distinct home CPUs; worker i lives on home i % @nr_homes
 * @home_of_cpu: for each possible CPU its home's number, or KINETD_NO_HOME
 * @worker: the workers
 */
struct kinetd_workers {
	atomic_t		next;
	unsigned int		nr;
	unsigned int		nr_homes;
	u16			*home_of_cpu;
	struct kinetd_worker	*worker[];
};

#define KINETD_NO_HOME		U16_MAX

/**
 * struct kinetd_pool - a named set of workers
 * @kobj: /sys/kernel/kinetd/pools/<name>
 * @entry: place in the list of pools
 * @workers: RCU for readers, kinetd_mutex for change
 * @cpus: CPUs that it may use, kinetd_mutex
 * @nice: of its threads, kinetd_mutex
 * @busy_poll_us: how long a thread waits without sleeping; 0: not at all
 * @users: services that are set to use it, kinetd_mutex
 * @live: its files are all there and not going, kinetd_mutex
 */
struct kinetd_pool {
	struct kobject			kobj;
	struct list_head		entry;
	struct kinetd_workers __rcu	*workers;
	cpumask_var_t			cpus;
	int				nice;
	unsigned int			busy_poll_us;
	unsigned int			users;
	bool				live;
};

extern const struct kobj_type kinetd_pool_type;

int kinetd_pools_init(struct kobject *parent);
void kinetd_pools_exit(void);

int kinetd_pool_create(const char *name);
int kinetd_pool_delete(const char *name);
struct kinetd_pool *kinetd_pool_find(const char *name);
struct kinetd_worker *kinetd_pool_pick(struct kinetd_pool *pool, int cpu);
int kinetd_pool_cpu(const struct kinetd_pool *pool, unsigned int i);
struct kinetd_workers *kinetd_pool_workers(const struct kinetd_pool *pool);
void kinetd_pool_free(struct kinetd_pool *pool);
void kinetd_pools_visit_workers(kinetd_worker_fn fn, void *arg);
struct kinetd_worker *kinetd_pools_worker(unsigned int n);

int kinetd_pool_set_threads(struct kinetd_pool *pool, unsigned int threads);
int kinetd_pool_set_cpus(struct kinetd_pool *pool, const struct cpumask *cpus);
int kinetd_pool_set_nice(struct kinetd_pool *pool, int nice);

#endif /* _KINETD_POOL_H */
