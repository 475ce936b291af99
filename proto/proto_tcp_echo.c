// SPDX-License-Identifier: GPL-2.0
/*
 * Echo over TCP (RFC 862): every byte comes back, in order, also after the
 * client has finished sending.
 */
#include <kinetd/protocol.h>

static const struct kinetd_protocol tcp_echo = {
	.name		= "tcp_echo",
	.transport	= KINETD_TCP,
	.default_port	= 7,
	.receive	= kinetd_connection_reflect,
};
module_kinetd_protocol(tcp_echo);

MODULE_DESCRIPTION("kinetd: echo over TCP (RFC 862)");
MODULE_LICENSE("GPL");
