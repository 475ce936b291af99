/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_CHANNEL_H
#define _KINETD_CHANNEL_H

#include <linux/types.h>

struct kinetd_address;
struct net;
struct sock;
struct socket;
struct task_struct;

/**
 * struct kinetd_channel - a socket that one thread uses without ever blocking in it
 * @sock: while open
 * @task: the thread
 * @flags: CHANNEL_EVENT: something has happened that the thread has not looked at
 * @data_ready: the socket's own callbacks
 * @state_change: ditto
 * @error_report: ditto
 * @write_space: ditto
 */
struct kinetd_channel {
	struct socket		*sock;
	struct task_struct	*task;
	unsigned long		flags;
	void			(*data_ready)(struct sock *sk);
	void			(*state_change)(struct sock *sk);
	void			(*error_report)(struct sock *sk);
	void			(*write_space)(struct sock *sk);
};

int kinetd_channel_open(struct kinetd_channel *chan, struct net *net, int type,
			const struct kinetd_address *addr, u16 port, u64 deadline);
void kinetd_channel_close(struct kinetd_channel *chan, bool abort);
bool kinetd_channel_usable(const struct kinetd_channel *chan);

ssize_t kinetd_channel_send(struct kinetd_channel *chan, const void *data, size_t len);
ssize_t kinetd_channel_receive(struct kinetd_channel *chan, void *buf, size_t size);

void kinetd_channel_look(struct kinetd_channel *chan);
bool kinetd_channel_wait(struct kinetd_channel *chan, u64 until);
bool kinetd_channel_sleep(struct kinetd_channel *chan, u64 until);

#endif /* _KINETD_CHANNEL_H */
