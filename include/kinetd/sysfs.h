/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files under /sys/kernel/kinetd, for the core and for modules that add to it:
 * one value a file, who may write, and one lock for all that is written.
 */
#ifndef _KINETD_SYSFS_H
#define _KINETD_SYSFS_H

#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>

/*
 * Serialises all configuration: registering, creating, deleting, and every
 * write to sysfs.  Never held where files come or go (kobject_add(), kobject_del(),
 * sysfs_create_group() and their kind): they wait for writers, who wait for it.
 * Workers never take it, so its holder may wait for them.
 */
extern struct mutex kinetd_mutex;

#define KINETD_NAME_MAX		31

/**
 * struct kinetd_attribute - a file
 * @attr: name and mode
 * @show: print what is in force and a newline, with kinetd_mutex held.
 * @show_unlocked: as @show, but without the mutex, for what changes all the time.
 * @store: @buf has no newline at its end.  kinetd_mutex is held, the writer has
 *	   CAP_NET_ADMIN.  Returns 0, or a negative errno and nothing changed.
 *	   A file that creates or deletes objects has @store_unlocked instead.
 * @store_unlocked: as @store, but without the mutex.
 */
struct kinetd_attribute {
	struct attribute	attr;
	ssize_t			(*show)(struct kobject *kobj, char *buf);
	ssize_t			(*show_unlocked)(struct kobject *kobj, char *buf);
	int			(*store)(struct kobject *kobj, const char *buf);
	int			(*store_unlocked)(struct kobject *kobj, const char *buf);
};

#define KINETD_ATTR_RO(_name)							\
	static struct kinetd_attribute attr_##_name = {				\
		.attr = { .name = __stringify(_name), .mode = 0444 },		\
		.show = _name##_show }
#define KINETD_ATTR_RW(_name)							\
	static struct kinetd_attribute attr_##_name = {				\
		.attr = { .name = __stringify(_name), .mode = 0644 },		\
		.show = _name##_show, .store = _name##_store }
#define KINETD_ATTR_WO(_name)							\
	static struct kinetd_attribute attr_##_name = {				\
		.attr = { .name = __stringify(_name), .mode = 0200 },		\
		.store_unlocked = _name##_store }

extern const struct sysfs_ops kinetd_sysfs_ops;
extern const struct kobj_type kinetd_dir_type;

struct kobject *kinetd_folder_create(const char *name, const struct attribute_group *group);
void kinetd_folder_remove(struct kobject *folder);

bool kinetd_name_valid(const char *name);
int kinetd_parse_number(const char *buf, unsigned int max, unsigned int *number);

#endif /* _KINETD_SYSFS_H */
