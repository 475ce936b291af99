// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/kinetd/connections: a line a connection.
 *
 * A reader holds kinetd_mutex, which keeps the workers, and for each few lines
 * the worker's lock, which keeps its connections.
 */
#include <linux/debugfs.h>
#include <linux/inet.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "connection.h"
#include "debugfs.h"
#include "pool.h"
#include <kinetd/sysfs.h>

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

#define LINES_AT_ONCE	32

/**
 * struct connections_cursor - a few lines of a worker
 * @pos: the reader's position that it stands for
 * @worker: whose
 * @index: of @worker among all
 * @begin: number of the first endpoint that may be among them
 * @end: number of the first one that comes after them; 0 where none does
 * @limit: numbers from here on came to @worker while it was listed, and are left out
 *
 * Goes by the endpoints' numbers, not by their places: a connection that stays
 * is shown once, whatever comes and goes meanwhile, unless pools change.
 */
struct connections_cursor {
	loff_t			pos;
	struct kinetd_worker	*worker;
	unsigned int		index;
	u64			begin;
	u64			end;
	u64			limit;
};

static void *connections_start(struct seq_file *seq, loff_t *pos)
{
	struct connections_cursor *cursor = seq->private;

	mutex_lock(&kinetd_mutex);
	if (*pos != cursor->pos)
		memset(cursor, 0, sizeof(*cursor));
	/* pools may have changed since */
	cursor->worker = kinetd_pools_worker(cursor->index);
	return cursor->worker ? cursor : NULL;
}

static void *connections_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct connections_cursor *cursor = v;

	cursor->pos = ++*pos;
	cursor->begin = cursor->end;
	if (!cursor->end)
		cursor->worker = kinetd_pools_worker(++cursor->index);
	return cursor->worker ? cursor : NULL;
}

static void connections_stop(struct seq_file *seq, void *cursor)
{
	mutex_unlock(&kinetd_mutex);
}

static int connections_show(struct seq_file *seq, void *v)
{
	struct connections_cursor *cursor = v;
	struct kinetd_connection *conn;
	struct kinetd_endpoint *ep;
	unsigned int lines = 0;

	cursor->end = 0;
	spin_lock_bh(&cursor->worker->lock);
	if (!cursor->begin)
		cursor->limit = cursor->worker->next_number;
	list_for_each_entry(ep, &cursor->worker->endpoints, siblings) {
		if (ep->number < cursor->begin)
			continue;
		if (ep->number >= cursor->limit)
			break;
		if (lines++ == LINES_AT_ONCE) {
			cursor->end = ep->number;
			break;
		}
		conn = kinetd_endpoint_connection(ep);
		if (conn)
			print_connection(seq, conn, cursor->worker);
	}
	spin_unlock_bh(&cursor->worker->lock);
	return 0;
}

static const struct seq_operations connections_seq_ops = {
	.start	= connections_start,
	.next	= connections_next,
	.stop	= connections_stop,
	.show	= connections_show,
};

static int connections_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &connections_seq_ops, sizeof(struct connections_cursor));
}

static const struct file_operations connections_fops = {
	.owner		= THIS_MODULE,
	.open		= connections_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= seq_release_private,
};

void kinetd_debugfs_init(void)
{
	debugfs_dir = debugfs_create_dir("kinetd", NULL);
	debugfs_create_file("connections", 0400, debugfs_dir, NULL, &connections_fops);
}

void kinetd_debugfs_exit(void)
{
	debugfs_remove_recursive(debugfs_dir);
}
