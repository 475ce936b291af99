// SPDX-License-Identifier: GPL-2.0
/*
 * Every line comes back reversed.
 *
 * A line that is longer than the buffer comes back in pieces, each reversed on
 * its own.  What has no newline when the peer finishes is no line, and gets no
 * answer.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <kinetd/protocol.h>

#define REVERSE_PIECE	512	/* on the worker's stack */

static void reverse(char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len / 2; i++)
		swap(text[i], text[len - 1 - i]);
}

static ssize_t tcp_reverse_receive(struct kinetd_connection *conn, size_t len)
{
	char line[REVERSE_PIECE];
	ssize_t size, text;
	const char *end;
	int err;

	size = kinetd_connection_peek(conn, line, min(len, sizeof(line)));
	if (size < 0)
		return size;

	text = size;
	end = memchr(line, '\n', size);
	if (end) {
		text = end - line;
		size = text + 1;
	} else if (size < sizeof(line)) {
		return 0;	/* until the rest of it is there */
	}

	reverse(line, text);
	err = kinetd_connection_send(conn, line, size);
	if (err == -EAGAIN)
		return 0;	/* until there is room */
	return err ?: size;
}

static const struct kinetd_protocol tcp_reverse = {
	.name		= "tcp_reverse",
	.transport	= KINETD_TCP,
	.default_port	= 1030,
	.receive	= tcp_reverse_receive,
};
module_kinetd_protocol(tcp_reverse);

MODULE_DESCRIPTION("kinetd: lines come back reversed");
MODULE_LICENSE("GPL");
