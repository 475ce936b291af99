// SPDX-License-Identifier: GPL-2.0
/* /sys/kernel/debug/kinetd/connections: a line a connection. */
#include <linux/debugfs.h>
#include <linux/inet.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "connection.h"
#include "debugfs.h"
#include "pool.h"
#include "sysfs.h"

static struct dentry *debugfs_dir;

static void print_address(struct seq_file *seq, const struct kinetd_address *addr, u16 port)
{
	char text[INET6_ADDRSTRLEN];

	kinetd_address_print(addr, text, sizeof(text));
	seq_printf(seq, addr->family == AF_INET ? " %s:%u" : " [%s]:%u", text, port);
}

static void print_connection(struct seq_file *seq, const struct kinetd_connection *conn,
			     const struct kinetd_worker *worker)
{
	const struct sock *sk = conn->sock->sk;
	struct kinetd_address local, peer;

	kinetd_address_of_local(sk, &local);
	kinetd_address_of_peer(sk, &peer);
	seq_puts(seq, kinetd_service_name(conn->svc));
	print_address(seq, &local, sk->sk_num);
	print_address(seq, &peer, ntohs(sk->sk_dport));
	seq_printf(seq, " worker=%s/%u age_ms=%u idle_ms=%u received=%llu sent=%llu%s%s\n",
		   kobject_name(&worker->pool->kobj), worker->index,
		   jiffies_to_msecs(jiffies - conn->opened),
		   jiffies_to_msecs(jiffies - conn->active),
		   conn->bytes_received, conn->bytes_sent,
		   conn->blocked ? " blocked" : "", conn->finishing ? " finishing" : "");
}

/* Print as many of a worker's connections as the buffer takes, whole. */
static void print_worker(struct kinetd_worker *worker, void *arg)
{
	struct kinetd_connection *conn;
	struct kinetd_endpoint *ep;
	struct seq_file *seq = arg;

	/* it is in worker->endpoints, so its socket and its service are there */
	spin_lock(&worker->lock);
	list_for_each_entry(ep, &worker->endpoints, siblings) {
		conn = kinetd_endpoint_connection(ep);
		if (conn)
			print_connection(seq, conn, worker);
		if (seq_has_overflowed(seq))
			break;
	}
	spin_unlock(&worker->lock);
}

static int connections_show(struct seq_file *seq, void *unused)
{
	mutex_lock(&kinetd_mutex);
	kinetd_pools_visit_workers(print_worker, seq);
	mutex_unlock(&kinetd_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(connections);

void kinetd_debugfs_init(void)
{
	debugfs_dir = debugfs_create_dir("kinetd", NULL);
	debugfs_create_file("connections", 0400, debugfs_dir, NULL, &connections_fops);
}

void kinetd_debugfs_exit(void)
{
	debugfs_remove_recursive(debugfs_dir);
}
