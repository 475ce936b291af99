// SPDX-License-Identifier: GPL-2.0
/*
 * Clients: created, started, stopped, deleted.
 *
 * A client is deleted by a write to delete_client, by the end of its network
 * namespace or by the end of the module.  As with services, deletions take place one
 * at a time under deletion_mutex, so that whoever holds it finds no client half
 * gone; one that is not live yet cannot be met by them, for the reasons that
 * core/service.c gives.  Lock order: deletion_mutex, kinetd_mutex.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "client.h"
#include <kinetd/sysfs.h>

#define CLIENT_PORT		7	/* echo's */
#define CLIENT_PAYLOAD_BYTES	64
#define CLIENT_INTERVAL_US	1000000
#define CLIENT_TIMEOUT_MS	1000

static LIST_HEAD(clients);
static struct kobject *clients_dir;
/* one deletion of a client at a time, from marking it to its end */
static DEFINE_MUTEX(deletion_mutex);

static struct kinetd_client *client_find(const char *name)
{
	struct kinetd_client *client;

	lockdep_assert_held(&kinetd_mutex);
	list_for_each_entry(client, &clients, entry)
		if (!strcmp(kobject_name(&client->kobj), name))
			return client;
	return NULL;
}

static struct kinetd_client *client_alloc(struct net *net)
{
	/* the histogram makes it large */
	struct kinetd_client *client = kvzalloc(sizeof(*client), GFP_KERNEL);
	struct kinetd_session_plan *plan;

	if (!client)
		return NULL;
	client->net = net;
	plan = &client->plan;
	plan->type = SOCK_STREAM;
	plan->addr.family = AF_INET;
	plan->addr.v4.s_addr = htonl(INADDR_LOOPBACK);
	plan->port = CLIENT_PORT;
	plan->payload_bytes = CLIENT_PAYLOAD_BYTES;
	plan->interval_us = CLIENT_INTERVAL_US;
	plan->timeout_ms = CLIENT_TIMEOUT_MS;
	kinetd_client_stats_setup(&client->stats);
	kobject_init(&client->kobj, &kinetd_client_type);
	return client;
}

void kinetd_client_free(struct kinetd_client *client)
{
	kvfree(client);
}

/* The name is taken from here on. */
static int client_link(struct kinetd_client *client, const char *name)
{
	int err;

	lockdep_assert_held(&kinetd_mutex);
	if (client_find(name))
		return -EEXIST;
	err = kobject_set_name(&client->kobj, "%s", name);
	if (!err)
		list_add_tail(&client->entry, &clients);
	return err;
}

/*
 * Without kinetd_mutex: where memory ends sysfs takes back what is there already, for
 * which it waits for whoever reads it, who waits for kinetd_mutex.
 */
static int client_add(struct kinetd_client *client, struct kobject *dir)
{
	int err = kobject_add(&client->kobj, dir, NULL);

	mutex_lock(&kinetd_mutex);
	client->live = !err;
	if (err)
		list_del(&client->entry);
	mutex_unlock(&kinetd_mutex);
	return err;
}

/* The writer's namespace becomes the client's, and cannot end before this returns. */
static int client_create(struct kobject *dir, const char *name)
{
	struct kinetd_client *client;
	int err;

	if (!kinetd_name_valid(name))
		return -EINVAL;
	client = client_alloc(current->nsproxy->net_ns);
	if (!client)
		return -ENOMEM;

	mutex_lock(&kinetd_mutex);
	err = client_link(client, name);
	mutex_unlock(&kinetd_mutex);
	if (!err)
		err = client_add(client, dir);
	if (err)
		kobject_put(&client->kobj);
	return err;
}

static void client_remove(struct kinetd_client *client)
{
	lockdep_assert_held(&deletion_mutex);

	mutex_lock(&kinetd_mutex);
	client->live = false;
	mutex_unlock(&kinetd_mutex);

	/* waits for writers to its files, which find it not live */
	kobject_del(&client->kobj);

	mutex_lock(&kinetd_mutex);
	kinetd_client_stop(client);
	list_del(&client->entry);
	mutex_unlock(&kinetd_mutex);
	kobject_put(&client->kobj);
}

static int client_delete(const char *name)
{
	struct kinetd_client *client;

	if (!kinetd_name_valid(name))
		return -EINVAL;
	mutex_lock(&deletion_mutex);
	mutex_lock(&kinetd_mutex);
	client = client_find(name);
	if (client && !client->live)
		client = NULL;
	mutex_unlock(&kinetd_mutex);
	if (client)
		client_remove(client);
	mutex_unlock(&deletion_mutex);
	return client ? 0 : -ENOENT;
}

/* @net: NULL for any */
static struct kinetd_client *client_find_in(const struct net *net)
{
	struct kinetd_client *client, *found = NULL;

	mutex_lock(&kinetd_mutex);
	list_for_each_entry(client, &clients, entry) {
		if (!net || client->net == net) {
			found = client;
			break;
		}
	}
	mutex_unlock(&kinetd_mutex);
	return found;
}

/**
 * kinetd_clients_delete_in() - end all clients of a network namespace
 * @net: a namespace that is going, or NULL for all of them
 *
 * When it returns none of their sockets is in @net but those that were closed
 * gracefully and hold a reference on it.
 */
void kinetd_clients_delete_in(struct net *net)
{
	struct kinetd_client *client;

	mutex_lock(&deletion_mutex);
	while ((client = client_find_in(net)))
		client_remove(client);
	mutex_unlock(&deletion_mutex);
}

bool kinetd_client_running(const struct kinetd_client *client)
{
	return client->session && kinetd_session_running(client->session);
}

/**
 * kinetd_client_start() - begin to send
 * @client: client
 *
 * Context: kinetd_mutex.
 * Return: 0, also where it runs already, or a negative errno.
 */
int kinetd_client_start(struct kinetd_client *client)
{
	struct kinetd_session *session;

	lockdep_assert_held(&kinetd_mutex);
	if (kinetd_client_running(client))
		return 0;
	kinetd_client_stop(client);
	session = kinetd_session_start(kobject_name(&client->kobj), client->net, &client->plan,
				       &client->stats);
	if (IS_ERR(session))
		return PTR_ERR(session);
	client->session = session;
	return 0;
}

/**
 * kinetd_client_stop() - stop sending
 * @client: client, running or not
 *
 * Context: kinetd_mutex.  Waits for the client's thread, which waits for no peer
 * and never takes the mutex.
 */
void kinetd_client_stop(struct kinetd_client *client)
{
	lockdep_assert_held(&kinetd_mutex);
	if (client->session)
		kinetd_session_stop(client->session);
	client->session = NULL;
}

static int new_client_store(struct kobject *kobj, const char *name)
{
	return client_create(kobj, name);
}

static int delete_client_store(struct kobject *kobj, const char *name)
{
	return client_delete(name);
}

KINETD_ATTR_WO(new_client);
KINETD_ATTR_WO(delete_client);

/* new_client last: where a file cannot be added, no client has been made */
static struct attribute *clients_attrs[] = {
	&attr_delete_client.attr,
	&attr_new_client.attr,
	NULL
};

static const struct attribute_group clients_group = {
	.attrs	= clients_attrs,
};

int kinetd_clients_init(void)
{
	clients_dir = kinetd_folder_create("clients", &clients_group);
	return PTR_ERR_OR_ZERO(clients_dir);
}

/* When it returns no client is there and none can be made. */
void kinetd_clients_exit(void)
{
	/* waits for writers of new_client */
	sysfs_remove_group(clients_dir, &clients_group);
	kinetd_clients_delete_in(NULL);
	kinetd_folder_remove(clients_dir);
}
