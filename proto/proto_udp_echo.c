// SPDX-License-Identifier: GPL-2.0
/*
 * Echo over UDP (RFC 862): every datagram comes back, from the address and port
 * that it was sent to.
 */
#include <kinetd/protocol.h>

static const struct kinetd_protocol udp_echo = {
	.name		= "udp_echo",
	.transport	= KINETD_UDP,
	.default_port	= 7,
	.datagram	= kinetd_datagram_reflect,
	.trains		= true,
};
module_kinetd_protocol(udp_echo);

MODULE_DESCRIPTION("kinetd: echo over UDP (RFC 862)");
MODULE_LICENSE("GPL");
