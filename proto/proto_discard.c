// SPDX-License-Identifier: GPL-2.0
/*
 * Discard (RFC 863), over TCP and UDP: takes everything, answers nothing, and
 * looks at nothing.
 */
#include <kinetd/protocol.h>

static const struct kinetd_protocol discard[] = {
	{
		.name		= "tcp_discard",
		.transport	= KINETD_TCP,
		.default_port	= 9,
		/* no handler: what arrives is dropped */
	},
	{
		.name		= "udp_discard",
		.transport	= KINETD_UDP,
		.default_port	= 9,
		.datagram	= kinetd_datagram_discard,
		.trains		= true,
	},
};
module_kinetd_protocols(discard);

MODULE_DESCRIPTION("kinetd: discard over TCP and UDP (RFC 863)");
MODULE_LICENSE("GPL");
