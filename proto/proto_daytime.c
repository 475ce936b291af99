// SPDX-License-Identifier: GPL-2.0
/*
 * Daytime (RFC 867), over TCP and UDP: one line for people, in UTC, such as
 * "Sat Feb 29 07:28:15 2020".
 */
#include <linux/time.h>
#include <linux/ktime.h>
#include <kinetd/protocol.h>

#define DAYTIME_MAX	48

static size_t daytime_print(char *line)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
	};
	struct tm tm;

	time64_to_tm(ktime_get_real_seconds(), 0, &tm);
	return scnprintf(line, DAYTIME_MAX, "%s %s %2d %02d:%02d:%02d %ld\r\n", days[tm.tm_wday],
			 months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			 tm.tm_year + 1900);
}

static int daytime_transmit(struct kinetd_connection *conn)
{
	char line[DAYTIME_MAX];
	int err = kinetd_connection_send(conn, line, daytime_print(line));

	if (err)
		return err == -EAGAIN ? 1 : err;
	kinetd_connection_finish(conn);
	return 0;
}

static void daytime_datagram(struct kinetd_datagram *dgram)
{
	char line[DAYTIME_MAX];

	kinetd_datagram_reply(dgram, line, daytime_print(line));
}

static const struct kinetd_protocol daytime[] = {
	{
		.name		= "tcp_daytime",
		.transport	= KINETD_TCP,
		.default_port	= 13,
		.transmit	= daytime_transmit,
	},
	{
		.name		= "udp_daytime",
		.transport	= KINETD_UDP,
		.default_port	= 13,
		.datagram	= daytime_datagram,
	},
};
module_kinetd_protocols(daytime);

MODULE_DESCRIPTION("kinetd: daytime over TCP and UDP (RFC 867)");
MODULE_LICENSE("GPL");
