// SPDX-License-Identifier: GPL-2.0
/* kinetd: a multi-protocol server framework. */
#include <linux/kmod.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/socket.h>

#include "connection.h"
#include "debugfs.h"
#include "inline.h"
#include "netns.h"
#include "pool.h"
#include "protocol.h"
#include "service.h"
#include "socket.h"
#include "source.h"
#include "udp_socket.h"
#include <kinetd/sysfs.h>

#define KINETD_VERSION "0.1.0"

static struct kobject *kinetd_dir;

static ssize_t version_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%s\n", KINETD_VERSION);
}

static int new_pool_store(struct kobject *kobj, const char *name)
{
	return kinetd_pool_create(name);
}

static int delete_pool_store(struct kobject *kobj, const char *name)
{
	if (!kinetd_name_valid(name))
		return -EINVAL;
	return kinetd_pool_delete(name);
}

KINETD_ATTR_RO(version);
KINETD_ATTR_WO(new_pool);
KINETD_ATTR_WO(delete_pool);

static struct attribute *kinetd_attrs[] = {
	&attr_version.attr,
	&attr_new_pool.attr,
	&attr_delete_pool.attr,
	NULL
};

static const struct attribute_group kinetd_group = {
	.attrs	= kinetd_attrs,
};

/**
 * kinetd_folder_create() - add a folder of a module's own to /sys/kernel/kinetd
 * @name: its name
 * @group: its files, each in a &struct kinetd_attribute
 *
 * Context: process context.
 * Return: the folder, to be given to kinetd_folder_remove(), or an ERR_PTR().
 */
struct kobject *kinetd_folder_create(const char *name, const struct attribute_group *group)
{
	struct kobject *folder = kzalloc(sizeof(*folder), GFP_KERNEL);
	int err;

	if (!folder)
		return ERR_PTR(-ENOMEM);
	err = kobject_init_and_add(folder, &kinetd_dir_type, kinetd_dir, "%s", name);
	if (!err)
		err = sysfs_create_group(folder, group);
	if (err) {
		kobject_put(folder);
		return ERR_PTR(err);
	}
	return folder;
}
EXPORT_SYMBOL_GPL(kinetd_folder_create);

/**
 * kinetd_folder_remove() - take a folder away
 * @folder: it, with nothing in it but its files
 *
 * Waits for readers and writers of its files.
 *
 * Context: process context, kinetd_mutex not held.
 */
void kinetd_folder_remove(struct kobject *folder)
{
	kobject_del(folder);
	kobject_put(folder);
}
EXPORT_SYMBOL_GPL(kinetd_folder_remove);

static int __init kinetd_dir_init(void)
{
	int err;

	kinetd_dir = kzalloc(sizeof(*kinetd_dir), GFP_KERNEL);
	if (!kinetd_dir)
		return -ENOMEM;
	err = kobject_init_and_add(kinetd_dir, &kinetd_dir_type, kernel_kobj, "kinetd");
	if (err)
		kobject_put(kinetd_dir);
	return err;
}

static int __init kinetd_init(void)
{
	int err;

	/* never under kinetd_mutex: a module that loads may wait for namespaces that end */
	if (IS_MODULE(CONFIG_IPV6))
		request_module("net-pf-%d", PF_INET6);

	kinetd_inlines_init();
	kinetd_sockets_init();
	err = kinetd_sources_init();
	if (err)
		return err;
	err = kinetd_connections_init();
	if (err)
		goto err_sources;
	err = kinetd_dir_init();
	if (err)
		goto err_connections;
	err = kinetd_pools_init(kinetd_dir);
	if (err)
		goto err_dir;
	err = kinetd_services_init(kinetd_dir);
	if (err)
		goto err_pools;
	err = kinetd_protocols_init(kinetd_dir);
	if (err)
		goto err_services;
	err = kinetd_netns_init();
	if (err)
		goto err_protocols;
	/* last: from here on pools can be made and deleted by anybody */
	err = sysfs_create_group(kinetd_dir, &kinetd_group);
	if (err)
		goto err_netns;
	kinetd_debugfs_init();
	return 0;

err_netns:
	kinetd_netns_exit();
err_protocols:
	kinetd_protocols_exit();
err_services:
	kinetd_services_exit();
err_pools:
	kinetd_pools_exit();
err_dir:
	kobject_put(kinetd_dir);
err_connections:
	kinetd_connections_exit();
err_sources:
	kinetd_sources_exit();
	return err;
}

/* No protocol is registered any more: each uses a symbol of this module. */
static void __exit kinetd_exit(void)
{
	kinetd_debugfs_exit();
	/* waits for writers of new_pool */
	sysfs_remove_group(kinetd_dir, &kinetd_group);
	kinetd_netns_exit();
	kinetd_protocols_exit();
	kinetd_services_exit();
	kinetd_udp_exit();
	kinetd_pools_exit();
	kobject_put(kinetd_dir);
	/* a callback that found nothing to kick may still be on its way out of our code */
	synchronize_rcu();
	kinetd_inlines_exit();
	kinetd_sockets_exit();
	kinetd_connections_exit();
	kinetd_sources_exit();
}

module_init(kinetd_init);
module_exit(kinetd_exit);

MODULE_DESCRIPTION("kinetd: in-kernel servers, their threads and their sockets");
MODULE_VERSION(KINETD_VERSION);
MODULE_LICENSE("GPL");
