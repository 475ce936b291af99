/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_EXCHANGE_H
#define _KINETD_EXCHANGE_H

#include <linux/types.h>

#include "channel.h"
#include "stats.h"

#define KINETD_EXCHANGE_ROOM	(64 * 1024)	/* bytes received at a time */

/**
 * enum kinetd_verdict - what became of a message
 * @KINETD_PENDING: nothing yet
 * @KINETD_RECEIVED: the answer has come and is the message
 * @KINETD_MISMATCHED: the answer has come and is something else
 * @KINETD_LATE: no answer in time
 * @KINETD_BROKEN: the connection ended, or ICMP said that nobody is there
 * @KINETD_STOPPED: the thread is to stop
 */
enum kinetd_verdict {
	KINETD_PENDING,
	KINETD_RECEIVED,
	KINETD_MISMATCHED,
	KINETD_LATE,
	KINETD_BROKEN,
	KINETD_STOPPED,
};

/**
 * struct kinetd_exchange - one message and its answer
 * @chan: where they travel
 * @stats: where it is counted that the message was sent
 * @message: its bytes
 * @room: for a part of the answer, or a whole datagram
 * @size: of the message
 * @first: number of the first message since the client was started
 * @number: the message's
 * @sent: bytes that were taken for sending; where there are any it counts as sent
 * @received: bytes of the answer that have come
 * @differs: they are not all as they should be
 * @begun: just before the first byte was sent, by ktime_get_ns()
 * @ended: when the answer was there
 */
struct kinetd_exchange {
	struct kinetd_channel		*chan;
	struct kinetd_client_stats	*stats;
	u8				*message;
	u8				*room;
	size_t				size;
	u64				first;
	u64				number;
	size_t				sent;
	size_t				received;
	bool				differs;
	u64				begun;
	u64				ended;
};

void kinetd_exchange_prepare(struct kinetd_exchange *ex, u64 number);
enum kinetd_verdict kinetd_exchange_run(struct kinetd_exchange *ex, u64 timeout);

#endif /* _KINETD_EXCHANGE_H */
