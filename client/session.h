/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_SESSION_H
#define _KINETD_SESSION_H

#include <linux/types.h>
#include <kinetd/address.h>

struct kinetd_client_stats;
struct kinetd_session;
struct net;

/**
 * struct kinetd_session_plan - what a session is to do
 * @type: SOCK_STREAM for TCP or SOCK_DGRAM for UDP
 * @addr: whom to send to
 * @port: host byte order
 * @payload_bytes: size of a message
 * @interval_us: from one message to the next, 0 for no pause
 * @count: messages, 0 for no end
 * @timeout_ms: how long an answer, or a connection, may take
 */
struct kinetd_session_plan {
	int			type;
	struct kinetd_address	addr;
	u16			port;
	unsigned int		payload_bytes;
	unsigned int		interval_us;
	unsigned int		count;
	unsigned int		timeout_ms;
};

struct kinetd_session *kinetd_session_start(const char *name, struct net *net,
					    const struct kinetd_session_plan *plan,
					    struct kinetd_client_stats *stats);
void kinetd_session_stop(struct kinetd_session *session);
bool kinetd_session_running(const struct kinetd_session *session);

#endif /* _KINETD_SESSION_H */
