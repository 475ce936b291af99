/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface between kinetd and a protocol module.
 *
 * A protocol is a constant description: a name, a default port and the
 * handlers that serve one connection.  kinetd owns everything that lives:
 * threads, sockets, connections, counters and settings.  A module needs
 * nothing but its handlers and one line:
 *
 *	static const struct kinetd_protocol tcp_echo = {
 *		.name		= "tcp_echo",
 *		.transport	= KINETD_TCP,
 *		.default_port	= 7,
 *		.receive	= kinetd_connection_reflect,
 *	};
 *	module_kinetd_protocol(tcp_echo);
 */
#ifndef _KINETD_PROTOCOL_H
#define _KINETD_PROTOCOL_H

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/types.h>

struct kinetd_connection;

/**
 * enum kinetd_transport - what carries a protocol
 * @KINETD_TCP: a byte stream with a connection
 */
enum kinetd_transport {
	KINETD_TCP,
};

/**
 * struct kinetd_protocol - what a protocol module registers
 * @name:		``[a-z0-9_-]``, 1 to 31 characters, unique among the loaded protocols;
 *			also the name of the service that is made at load
 * @transport:		what carries it
 * @default_port:	port of a service that was given none, host byte order
 * @receive:		called when @len bytes (never 0) wait to be read, in the order in
 *			which the peer sent them.  Returns how many of them, from the first,
 *			the handler is done with; these are gone afterwards.  What is left is
 *			offered again: at once where the handler took some, with the bytes that
 *			arrive next where it took none, and when the send queue has room where
 *			a send helper found that full.  A negative errno ends the connection
 *			with a reset.
 *			Context: the connection's worker, socket lock held.  Must not sleep.
 *
 * When the peer has finished sending and everything was received, kinetd sends what
 * is still queued, then FIN.
 */
struct kinetd_protocol {
	const char		*name;
	enum kinetd_transport	transport;
	u16			default_port;
	ssize_t			(*receive)(struct kinetd_connection *conn, size_t len);
};

/**
 * struct kinetd_load_params - the service that a protocol module creates at load
 * @address:	IPv4 or IPv6 literal, NULL for 127.0.0.1
 * @port:	1 to 65535
 * @enabled:	serve at once
 */
struct kinetd_load_params {
	char		*address;
	unsigned int	port;
	bool		enabled;
};

int kinetd_protocol_register(const struct kinetd_protocol *proto,
			     const struct kinetd_load_params *params);
void kinetd_protocol_unregister(const struct kinetd_protocol *proto);

ssize_t kinetd_connection_reflect(struct kinetd_connection *conn, size_t len);

/**
 * module_kinetd_protocol() - the whole of a module's init, exit and parameters
 * @__proto: the module's &struct kinetd_protocol
 *
 * Gives the module the parameters ``port``, ``address`` and ``enabled``.
 */
#define module_kinetd_protocol(__proto)						\
static struct kinetd_load_params __proto##_params = {				\
	.port		= (__proto).default_port,				\
	.enabled	= true,							\
};										\
module_param_named(port, __proto##_params.port, uint, 0444);			\
MODULE_PARM_DESC(port, "port of the service made at load");			\
module_param_named(address, __proto##_params.address, charp, 0444);		\
MODULE_PARM_DESC(address, "IPv4 or IPv6 address of that service (127.0.0.1)");	\
module_param_named(enabled, __proto##_params.enabled, bool, 0444);		\
MODULE_PARM_DESC(enabled, "serve at once (1)");					\
static int __init __proto##_init(void)						\
{										\
	return kinetd_protocol_register(&(__proto), &__proto##_params);		\
}										\
module_init(__proto##_init);							\
static void __exit __proto##_exit(void)						\
{										\
	kinetd_protocol_unregister(&(__proto));					\
}										\
module_exit(__proto##_exit)

#endif /* _KINETD_PROTOCOL_H */
