// SPDX-License-Identifier: GPL-2.0
/*
 * Time (RFC 868), over TCP and UDP: seconds since 1900 in 32 bits, which begin
 * anew on 7 February 2036.
 */
#include <linux/ktime.h>
#include <kinetd/protocol.h>

#define SECONDS_1900_TO_1970	2208988800ULL

static __be32 time_now(void)
{
	return cpu_to_be32(ktime_get_real_seconds() + SECONDS_1900_TO_1970);
}

static int time_transmit(struct kinetd_connection *conn)
{
	__be32 now = time_now();
	int err = kinetd_connection_send(conn, &now, sizeof(now));

	if (err)
		return err == -EAGAIN ? 1 : err;
	kinetd_connection_finish(conn);
	return 0;
}

static void time_datagram(struct kinetd_datagram *dgram)
{
	__be32 now = time_now();

	kinetd_datagram_reply(dgram, &now, sizeof(now));
}

static const struct kinetd_protocol time_protocols[] = {
	{
		.name		= "tcp_time",
		.transport	= KINETD_TCP,
		.default_port	= 37,
		.transmit	= time_transmit,
	},
	{
		.name		= "udp_time",
		.transport	= KINETD_UDP,
		.default_port	= 37,
		.datagram	= time_datagram,
	},
};
module_kinetd_protocols(time_protocols);

MODULE_DESCRIPTION("kinetd: time over TCP and UDP (RFC 868)");
MODULE_LICENSE("GPL");
