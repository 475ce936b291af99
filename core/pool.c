// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: named sets of workers, and which worker an endpoint goes to.
 *
 * The set of workers is replaced as a whole and read under RCU, so that a
 * listener can pick a worker while the set changes.  A worker that leaves the
 * set is out of reach after a grace period; then its endpoints are handed over.
 *
 * Where a pool has as many workers as CPUs, each lives on one CPU; where it has
 * fewer, all may run on all of its CPUs.  CPUs that come and go are followed by
 * a work item, since a hotplug callback must not wait for kinetd_mutex.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>

#include "pool.h"
#include "service.h"
#include <kinetd/sysfs.h>

static LIST_HEAD(pools);
static struct kobject *pools_dir;
static enum cpuhp_state cpu_online_state, cpu_dead_state;

/* the workers, for whoever holds kinetd_mutex */
struct kinetd_workers *kinetd_pool_workers(const struct kinetd_pool *pool)
{
	return rcu_dereference_protected(pool->workers, lockdep_is_held(&kinetd_mutex));
}

/**
 * kinetd_pool_pick() - choose a worker
 * @pool: pool
 * @cpu: where the endpoint's packets arrive, or -1
 *
 * Return: a worker near @cpu, in turn where several are.
 * Context: rcu_read_lock() or kinetd_mutex, which keep the worker.
 */
struct kinetd_worker *kinetd_pool_pick(struct kinetd_pool *pool, int cpu)
{
	struct kinetd_workers *set;
	unsigned int home, next;

	set = rcu_dereference_check(pool->workers, lockdep_is_held(&kinetd_mutex));
	next = atomic_inc_return(&set->next);
	home = cpu >= 0 && cpu < nr_cpu_ids ? set->home_of_cpu[cpu] : KINETD_NO_HOME;
	if (home == KINETD_NO_HOME)
		return set->worker[next % set->nr];
	next %= (set->nr - home + set->nr_homes - 1) / set->nr_homes;
	return set->worker[home + next * set->nr_homes];
}

/**
 * kinetd_pool_cpu() - a CPU whose packets one worker is the nearest to
 * @pool: pool
 * @i: the worker's number
 *
 * Context: kinetd_mutex.
 * Return: the CPU's number, -1 for none.
 */
int kinetd_pool_cpu(const struct kinetd_pool *pool, unsigned int i)
{
	const struct kinetd_workers *set = kinetd_pool_workers(pool);
	int cpu;

	for_each_possible_cpu(cpu)
		if (set->home_of_cpu[cpu] == i % set->nr_homes)
			return cpu;
	return -1;
}

/* The pool's CPUs that are online, or all that are: a pool is never without. */
static void pool_online_cpus(const struct kinetd_pool *pool, struct cpumask *online)
{
	if (!cpumask_and(online, pool->cpus, cpu_online_mask))
		cpumask_copy(online, cpu_online_mask);
}

static struct kinetd_workers *workers_alloc(unsigned int nr)
{
	struct kinetd_workers *set;

	set = kvzalloc(struct_size(set, worker, nr) + nr_cpu_ids * sizeof(u16), GFP_KERNEL);
	if (!set)
		return NULL;
	set->nr = nr;
	set->home_of_cpu = (u16 *)&set->worker[nr];
	return set;
}

static void workers_map_homes(struct kinetd_workers *set, const struct cpumask *online)
{
	unsigned int i = 0;
	int cpu;

	set->nr_homes = min(set->nr, cpumask_weight(online));
	memset(set->home_of_cpu, 0xff, nr_cpu_ids * sizeof(u16));
	for_each_cpu(cpu, online)
		set->home_of_cpu[cpu] = i++ % set->nr_homes;
}

/*
 * Under cpus_read_lock(): the scheduler moves a queued thread even to a CPU that is on
 * its way out and has been emptied, where it would be for ever.
 */
static void workers_place(struct kinetd_workers *set, const struct cpumask *online, int nice)
{
	bool pin = set->nr >= cpumask_weight(online);
	int cpu = cpumask_first(online);
	unsigned int i;

	for (i = 0; i < set->nr; i++) {
		set_cpus_allowed_ptr(set->worker[i]->task, pin ? cpumask_of(cpu) : online);
		kinetd_worker_set_nice(set->worker[i], nice);
		cpu = cpumask_next(cpu, online);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(online);
	}
}

/* Make @set, complete but for its CPUs, the pool's.  Frees nothing. */
static void pool_publish(struct kinetd_pool *pool, struct kinetd_workers *set,
			 struct cpumask *online)
{
	cpus_read_lock();
	pool_online_cpus(pool, online);
	workers_map_homes(set, online);
	workers_place(set, online, pool->nice);
	cpus_read_unlock();
	rcu_assign_pointer(pool->workers, set);
}

static struct kinetd_worker *choose_in_pool(struct kinetd_endpoint *ep, void *pool)
{
	return kinetd_pool_pick(pool, -1);
}

static void workers_destroy(struct kinetd_worker **workers, unsigned int nr)
{
	while (nr)
		kinetd_worker_destroy(workers[--nr]);
}

/* Fill @set from @old, with new workers where that has fewer. */
static int workers_fill(struct kinetd_workers *set, struct kinetd_workers *old,
			struct kinetd_pool *pool)
{
	unsigned int have = min(set->nr, old ? old->nr : 0);
	struct kinetd_worker *worker;
	unsigned int i;

	if (have)
		memcpy(set->worker, old->worker, have * sizeof(*set->worker));
	for (i = have; i < set->nr; i++) {
		worker = kinetd_worker_create(pool, kobject_name(&pool->kobj), i);
		if (IS_ERR(worker)) {
			workers_destroy(set->worker + have, i - have);
			return PTR_ERR(worker);
		}
		set->worker[i] = worker;
	}
	return 0;
}

static int pool_resize(struct kinetd_pool *pool, unsigned int nr)
{
	struct kinetd_workers *old = kinetd_pool_workers(pool);
	struct kinetd_workers *set;
	cpumask_var_t online;
	int err = -ENOMEM;

	if (!alloc_cpumask_var(&online, GFP_KERNEL))
		return -ENOMEM;
	set = workers_alloc(nr);
	if (!set)
		goto out;
	err = workers_fill(set, old, pool);
	if (err) {
		kvfree(set);
		goto out;
	}
	pool_publish(pool, set, online);

	if (old) {
		synchronize_rcu_expedited();
		if (nr < old->nr) {
			kinetd_workers_hand_over(old->worker + nr, old->nr - nr,
						 choose_in_pool, pool);
			workers_destroy(old->worker + nr, old->nr - nr);
		}
		kvfree(old);
	}
out:
	free_cpumask_var(online);
	return err;
}

static int pool_change(struct kinetd_pool *pool, unsigned int nr)
{
	int err = pool_resize(pool, nr);

	if (!err)
		kinetd_services_follow_pool(pool);
	return err;
}

/**
 * kinetd_pool_set_threads() - change the number of workers
 * @pool: pool
 * @threads: 1 to KINETD_THREADS_MAX
 *
 * Workers that leave hand their endpoints over.
 *
 * Context: kinetd_mutex.
 * Return: 0 or a negative errno and nothing changed.
 */
int kinetd_pool_set_threads(struct kinetd_pool *pool, unsigned int threads)
{
	lockdep_assert_held(&kinetd_mutex);

	if (!threads || threads > KINETD_THREADS_MAX)
		return -EINVAL;
	if (threads == kinetd_pool_workers(pool)->nr)
		return 0;
	return pool_change(pool, threads);
}

/* The same workers, placed anew */
static int pool_replace(struct kinetd_pool *pool)
{
	return pool_change(pool, kinetd_pool_workers(pool)->nr);
}

/**
 * kinetd_pool_set_cpus() - change the CPUs that the workers may use
 * @pool: pool
 * @cpus: at least one of them online
 *
 * Context: kinetd_mutex.
 * Return: 0 or a negative errno and nothing changed.
 */
int kinetd_pool_set_cpus(struct kinetd_pool *pool, const struct cpumask *cpus)
{
	cpumask_var_t before;
	int err;

	lockdep_assert_held(&kinetd_mutex);

	if (!cpumask_intersects(cpus, cpu_online_mask))
		return -EINVAL;
	if (!alloc_cpumask_var(&before, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(before, pool->cpus);
	cpumask_copy(pool->cpus, cpus);
	err = pool_replace(pool);
	if (err)
		cpumask_copy(pool->cpus, before);
	free_cpumask_var(before);
	return err;
}

/**
 * kinetd_pool_set_nice() - change the workers' priority
 * @pool: pool
 * @nice: -20 to 19
 *
 * Context: kinetd_mutex.
 * Return: 0 or a negative errno and nothing changed.
 */
int kinetd_pool_set_nice(struct kinetd_pool *pool, int nice)
{
	struct kinetd_workers *set = kinetd_pool_workers(pool);
	unsigned int i;

	if (nice < MIN_NICE || nice > MAX_NICE)
		return -EINVAL;
	pool->nice = nice;
	for (i = 0; i < set->nr; i++)
		kinetd_worker_set_nice(set->worker[i], nice);
	return 0;
}

static struct kinetd_pool *pool_lookup(const char *name)
{
	struct kinetd_pool *pool;

	lockdep_assert_held(&kinetd_mutex);
	list_for_each_entry(pool, &pools, entry)
		if (!strcmp(kobject_name(&pool->kobj), name))
			return pool;
	return NULL;
}

/**
 * kinetd_pool_find() - look a pool up
 * @name: its name
 *
 * Context: kinetd_mutex, which keeps it.
 * Return: the pool, or NULL.
 */
struct kinetd_pool *kinetd_pool_find(const char *name)
{
	struct kinetd_pool *pool = pool_lookup(name);

	return pool && pool->live ? pool : NULL;
}

/**
 * kinetd_pools_visit_workers() - call a function for every worker
 * @fn: what to call
 * @arg: for @fn
 *
 * Context: kinetd_mutex.
 */
void kinetd_pools_visit_workers(kinetd_worker_fn fn, void *arg)
{
	struct kinetd_workers *set;
	struct kinetd_pool *pool;
	unsigned int i;

	lockdep_assert_held(&kinetd_mutex);
	list_for_each_entry(pool, &pools, entry) {
		set = kinetd_pool_workers(pool);
		for (i = 0; i < set->nr; i++)
			fn(set->worker[i], arg);
	}
}

/* the worker that kinetd_pools_visit_workers() comes to after @n others, or NULL */
struct kinetd_worker *kinetd_pools_worker(unsigned int n)
{
	struct kinetd_workers *set;
	struct kinetd_pool *pool;

	lockdep_assert_held(&kinetd_mutex);
	list_for_each_entry(pool, &pools, entry) {
		set = kinetd_pool_workers(pool);
		if (n < set->nr)
			return set->worker[n];
		n -= set->nr;
	}
	return NULL;
}

void kinetd_pool_free(struct kinetd_pool *pool)
{
	free_cpumask_var(pool->cpus);
	kfree(pool);
}

static struct kinetd_pool *pool_alloc(void)
{
	struct kinetd_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);

	if (!pool)
		return NULL;
	if (!zalloc_cpumask_var(&pool->cpus, GFP_KERNEL)) {
		kfree(pool);
		return NULL;
	}
	/* a CPU that was isolated is left alone unless somebody writes it into cpus */
	cpumask_copy(pool->cpus, housekeeping_cpumask(HK_TYPE_KTHREAD));
	kobject_init(&pool->kobj, &kinetd_pool_type);
	return pool;
}

static void pool_stop(struct kinetd_pool *pool)
{
	struct kinetd_workers *set = rcu_dereference_protected(pool->workers, true);

	/* a kick that found a worker idle may still be about to wake it */
	synchronize_rcu_expedited();
	workers_destroy(set->worker, set->nr);
	kvfree(set);
}

/* One for each of its CPUs that is online */
static unsigned int pool_default_threads(const struct kinetd_pool *pool)
{
	return clamp_t(unsigned int, cpumask_weight_and(pool->cpus, cpu_online_mask), 1,
		       KINETD_THREADS_MAX);
}

/* The name is taken from here on, and the workers are there. */
static int pool_link(struct kinetd_pool *pool, const char *name)
{
	int err;

	lockdep_assert_held(&kinetd_mutex);
	if (pool_lookup(name))
		return -EEXIST;
	err = kobject_set_name(&pool->kobj, "%s", name) ?:
	      pool_resize(pool, pool_default_threads(pool));
	if (!err)
		list_add_tail(&pool->entry, &pools);
	return err;
}

/* Without kinetd_mutex, for the reason that service.c gives */
static int pool_add(struct kinetd_pool *pool)
{
	int err = kobject_add(&pool->kobj, pools_dir, NULL);

	mutex_lock(&kinetd_mutex);
	pool->live = !err;
	if (err)
		list_del(&pool->entry);
	mutex_unlock(&kinetd_mutex);
	if (err)
		pool_stop(pool);
	return err;
}

/**
 * kinetd_pool_create() - make a pool with a worker for each CPU that is online and not isolated
 * @name: its name
 *
 * Return: 0, -EINVAL (a bad name), -EEXIST, -ENOMEM.
 */
int kinetd_pool_create(const char *name)
{
	struct kinetd_pool *pool;
	int err;

	if (!kinetd_name_valid(name))
		return -EINVAL;
	pool = pool_alloc();
	if (!pool)
		return -ENOMEM;
	mutex_lock(&kinetd_mutex);
	err = pool_link(pool, name);
	mutex_unlock(&kinetd_mutex);
	if (!err)
		err = pool_add(pool);
	if (err)
		kobject_put(&pool->kobj);
	return err;
}

static bool pool_in_use(const struct kinetd_pool *pool)
{
	struct kinetd_workers *set = kinetd_pool_workers(pool);
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (READ_ONCE(set->worker[i]->nr_endpoints))
			return true;
	return pool->users;
}

/* The pool is not live: nothing uses it or can come to use it. */
static void pool_remove(struct kinetd_pool *pool)
{
	kobject_del(&pool->kobj);
	mutex_lock(&kinetd_mutex);
	list_del(&pool->entry);
	mutex_unlock(&kinetd_mutex);
	pool_stop(pool);
	kobject_put(&pool->kobj);
}

/**
 * kinetd_pool_delete() - end a pool
 * @name: its name
 *
 * Return: 0, -ENOENT, or -EBUSY for the default pool and for one that a
 * service or a connection uses.
 */
int kinetd_pool_delete(const char *name)
{
	struct kinetd_pool *pool;
	int err = 0;

	mutex_lock(&kinetd_mutex);
	pool = kinetd_pool_find(name);
	if (!pool)
		err = -ENOENT;
	else if (!strcmp(name, KINETD_POOL_DEFAULT) || pool_in_use(pool))
		err = -EBUSY;
	else
		pool->live = false;
	mutex_unlock(&kinetd_mutex);

	if (!err)
		pool_remove(pool);
	return err;
}

static void pools_follow_cpus(struct work_struct *work);
static DECLARE_DELAYED_WORK(cpus_work, pools_follow_cpus);

/* Where memory ends, once more a second later: nobody is there who could be told. */
static void pools_follow_cpus(struct work_struct *work)
{
	struct kinetd_pool *pool;
	int err = 0;

	mutex_lock(&kinetd_mutex);
	list_for_each_entry(pool, &pools, entry)
		err = pool_replace(pool) ?: err;
	mutex_unlock(&kinetd_mutex);
	if (err)
		schedule_delayed_work(&cpus_work, HZ);
}

static int pools_cpu_changed(unsigned int cpu)
{
	mod_delayed_work(system_wq, &cpus_work, 0);
	return 0;
}

static int pools_watch_cpus(void)
{
	int state;

	state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "kinetd:online",
					  pools_cpu_changed, NULL);
	if (state < 0)
		return state;
	cpu_online_state = state;
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "kinetd:dead", NULL,
					  pools_cpu_changed);
	if (state < 0) {
		cpuhp_remove_state_nocalls(cpu_online_state);
		cancel_delayed_work_sync(&cpus_work);
		return state;
	}
	cpu_dead_state = state;
	return 0;
}

static void pools_ignore_cpus(void)
{
	cpuhp_remove_state_nocalls(cpu_dead_state);
	cpuhp_remove_state_nocalls(cpu_online_state);
	cancel_delayed_work_sync(&cpus_work);
}

static void pools_delete_all(void)
{
	struct kinetd_pool *pool, *tmp;

	/* only module exit comes here: no file is left to race with */
	list_for_each_entry_safe(pool, tmp, &pools, entry)
		pool_remove(pool);
}

int kinetd_pools_init(struct kobject *parent)
{
	int err;

	pools_dir = kobject_create_and_add("pools", parent);
	if (!pools_dir)
		return -ENOMEM;
	/* first, so that no CPU comes or goes unseen once there is a pool */
	err = pools_watch_cpus();
	if (err)
		goto put;
	err = kinetd_pool_create(KINETD_POOL_DEFAULT);
	if (!err)
		return 0;
	pools_ignore_cpus();
put:
	kobject_put(pools_dir);
	return err;
}

void kinetd_pools_exit(void)
{
	pools_ignore_cpus();
	pools_delete_all();
	kobject_put(pools_dir);
}
