// SPDX-License-Identifier: GPL-2.0
/* A protocol of somebody else's: takes everything and answers nothing. */
#include <kinetd/protocol.h>

static ssize_t sink_receive(struct kinetd_connection *conn, size_t len)
{
	return len;
}

static const struct kinetd_protocol tcp_sink = {
	.name		= "tcp_sink",
	.transport	= KINETD_TCP,
	.default_port	= 9,
	.receive	= sink_receive,
};
module_kinetd_protocol(tcp_sink);

MODULE_DESCRIPTION("takes everything and answers nothing");
MODULE_LICENSE("GPL");
