// SPDX-License-Identifier: GPL-2.0
/* The files of a pool. */
#include <linux/cpumask.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>

#include "pool.h"
#include <kinetd/sysfs.h>

static struct kinetd_pool *to_pool(struct kobject *kobj)
{
	return container_of(kobj, struct kinetd_pool, kobj);
}

static ssize_t threads_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", kinetd_pool_workers(to_pool(kobj))->nr);
}

static int threads_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_pool *pool = to_pool(kobj);
	unsigned int threads;

	if (kinetd_parse_number(buf, KINETD_THREADS_MAX, &threads))
		return -EINVAL;
	return pool->live ? kinetd_pool_set_threads(pool, threads) : -ENODEV;
}

static ssize_t cpus_show(struct kobject *kobj, char *buf)
{
	return cpumap_print_to_pagebuf(true, buf, to_pool(kobj)->cpus);
}

static int cpus_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_pool *pool = to_pool(kobj);
	cpumask_var_t cpus;
	int err;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	if (cpulist_parse(buf, cpus) || !cpumask_subset(cpus, cpu_possible_mask))
		err = -EINVAL;
	else
		err = pool->live ? kinetd_pool_set_cpus(pool, cpus) : -ENODEV;
	free_cpumask_var(cpus);
	return err;
}

static ssize_t nice_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%d\n", to_pool(kobj)->nice);
}

static int nice_store(struct kobject *kobj, const char *buf)
{
	int nice;

	if (kstrtoint(buf, 10, &nice))
		return -EINVAL;
	return kinetd_pool_set_nice(to_pool(kobj), nice);
}

static ssize_t busy_poll_us_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_pool(kobj)->busy_poll_us);
}

static int busy_poll_us_store(struct kobject *kobj, const char *buf)
{
	unsigned int us;

	if (kinetd_parse_number(buf, KINETD_BUSY_POLL_MAX_US, &us))
		return -EINVAL;
	/* pairs with READ_ONCE() in worker_wait() */
	WRITE_ONCE(to_pool(kobj)->busy_poll_us, us);
	return 0;
}

KINETD_ATTR_RW(threads);
KINETD_ATTR_RW(cpus);
KINETD_ATTR_RW(nice);
KINETD_ATTR_RW(busy_poll_us);

static struct attribute *pool_attrs[] = {
	&attr_threads.attr,
	&attr_cpus.attr,
	&attr_nice.attr,
	&attr_busy_poll_us.attr,
	NULL
};
ATTRIBUTE_GROUPS(pool);

static void pool_release(struct kobject *kobj)
{
	kinetd_pool_free(to_pool(kobj));
}

const struct kobj_type kinetd_pool_type = {
	.release	= pool_release,
	.sysfs_ops	= &kinetd_sysfs_ops,
	.default_groups	= pool_groups,
};
