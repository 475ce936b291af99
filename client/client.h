/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_CLIENT_H
#define _KINETD_CLIENT_H

#include <linux/kobject.h>
#include <linux/list.h>

#include "session.h"
#include "stats.h"

struct net;

/**
 * struct kinetd_client - one configured sender
 * @kobj: /sys/kernel/kinetd/clients/<name>
 * @entry: place in the list of clients, kinetd_mutex
 * @net: namespace of its sockets; without a reference, since the client ends with it
 * @live: its files are all there and not going; whoever clears it does the whole
 *	deletion; kinetd_mutex
 * @plan: what it does when it is started, kinetd_mutex
 * @session: from its start until somebody finds that it has ended, kinetd_mutex
 * @stats: what it has seen since then
 */
struct kinetd_client {
	struct kobject			kobj;
	struct list_head		entry;
	struct net			*net;
	bool				live;
	struct kinetd_session_plan	plan;
	struct kinetd_session		*session;
	struct kinetd_client_stats	stats;
};

extern const struct kobj_type kinetd_client_type;

int kinetd_clients_init(void);
void kinetd_clients_exit(void);
void kinetd_clients_delete_in(struct net *net);

void kinetd_client_free(struct kinetd_client *client);
bool kinetd_client_running(const struct kinetd_client *client);
int kinetd_client_start(struct kinetd_client *client);
void kinetd_client_stop(struct kinetd_client *client);

#endif /* _KINETD_CLIENT_H */
