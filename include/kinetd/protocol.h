/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface between kinetd and a protocol module.
 *
 * A protocol is a constant description: a name, a default port and the
 * handlers that serve one connection or one datagram.  kinetd owns everything
 * that lives: threads, sockets, connections, counters and settings.  A module
 * needs nothing but its handlers and one line:
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
#include <kinetd/address.h>

struct attribute;
struct kinetd_connection;
struct kinetd_datagram;
struct kobject;
struct page;

/* bytes in a datagram that IPv4 can carry */
#define KINETD_DATAGRAM_MAX	65507

/**
 * enum kinetd_transport - what carries a protocol
 * @KINETD_TCP: a byte stream with a connection
 * @KINETD_UDP: datagrams, each on its own
 */
enum kinetd_transport {
	KINETD_TCP,
	KINETD_UDP,
};

/**
 * struct kinetd_protocol - what a protocol module registers
 * @name:		``[a-z0-9_-]``, 1 to 31 characters, unique among the loaded protocols;
 *			also the name of the service that is made at load
 * @transport:		what carries it
 * @default_port:	port of a service that was given none, host byte order
 * @receive:		TCP: called when @len bytes (never 0) wait to be read, in the order in
 *			which the peer sent them.  Returns how many of them, from the first,
 *			the handler is done with; these are gone afterwards.  What is left is
 *			offered again: at once where the handler took some, with the bytes that
 *			arrive next, or when the peer finishes, where it took none, and when
 *			the send queue has room where a send helper found that full.  A
 *			negative errno ends the connection with a reset.  NULL where what
 *			arrives means nothing: it is dropped without waking anybody.
 * @transmit:		TCP, or NULL: called on a new connection, and from then on whenever the
 *			send queue has room, until it returns 0: nothing more to send, now
 *			or ever.  1 asks to be called again; a negative errno ends the
 *			connection with a reset.
 * @datagram:		UDP: called for each datagram.  An answer is sent with the helpers
 *			below, which refuse to answer what must not be answered.
 * @trains:		UDP: @datagram does not mind to be given several datagrams of one peer
 *			and one size as one (generic receive offload).  For handlers that
 *			reflect or only count.
 * @rate_limit_pps:	UDP: rate_limit_pps of a service until it is changed, 0 for no limit
 * @state_size:		bytes that each service has for the protocol's own settings, zeroed
 * @state_init:		called on the state of a new service; 0 or a negative errno
 * @state_exit:		called on it when the service has ended, no handler runs and no file
 *			of it is open
 * @settings:		NULL-terminated, files that each service has for the protocol's own
 *			settings: &struct kinetd_attribute.attr
 *
 * Context of @receive and @transmit: socket lock held, in the connection's worker or in
 * the softirq that received the data.  Of @datagram: BHs disabled, in a worker or in that
 * softirq, on several CPUs at once.  None may sleep, and what they share with process
 * context they lock with BHs disabled.  The context of the others: process context,
 * kinetd_mutex held.
 *
 * When the peer has finished sending, everything was received and @transmit has nothing
 * more to send, kinetd sends what is still queued, then FIN.
 */
struct kinetd_protocol {
	const char			*name;
	enum kinetd_transport		transport;
	u16				default_port;
	ssize_t				(*receive)(struct kinetd_connection *conn, size_t len);
	int				(*transmit)(struct kinetd_connection *conn);
	void				(*datagram)(struct kinetd_datagram *dgram);
	bool				trains;
	unsigned int			rate_limit_pps;
	size_t				state_size;
	int				(*state_init)(void *state);
	void				(*state_exit)(void *state);
	const struct attribute *const	*settings;
};

/**
 * struct kinetd_load_params - the services that a protocol module creates at load
 * @address:	IPv4 or IPv6 literal, NULL for 127.0.0.1
 * @port:	1 to 65535
 * @enabled:	serve at once
 */
struct kinetd_load_params {
	char		*address;
	unsigned int	port;
	bool		enabled;
};

int kinetd_protocols_register(const struct kinetd_protocol *protos, unsigned int nr,
			      const struct kinetd_load_params *params);
void kinetd_protocols_unregister(const struct kinetd_protocol *protos, unsigned int nr);

ssize_t kinetd_connection_reflect(struct kinetd_connection *conn, size_t len);
bool kinetd_connection_ended(const struct kinetd_connection *conn);
ssize_t kinetd_connection_peek(struct kinetd_connection *conn, void *buf, size_t size);
int kinetd_connection_send(struct kinetd_connection *conn, const void *data, size_t len);
ssize_t kinetd_connection_send_page(struct kinetd_connection *conn, struct page *page,
				    size_t offset, size_t len);
void kinetd_connection_finish(struct kinetd_connection *conn);
u64 kinetd_connection_sent(const struct kinetd_connection *conn);

void kinetd_datagram_reflect(struct kinetd_datagram *dgram);
void kinetd_datagram_reply(struct kinetd_datagram *dgram, const void *data, size_t len);
void kinetd_datagram_send(struct kinetd_datagram *dgram, const struct kinetd_address *addr,
			  u16 port, const void *data, size_t len);
void kinetd_datagram_discard(struct kinetd_datagram *dgram);
void *kinetd_datagram_state(const struct kinetd_datagram *dgram);

void *kinetd_service_state(struct kobject *service);

/**
 * kinetd_load_parameters() - the parameters of a module that has an init of its own
 * @__params: the module's &struct kinetd_load_params
 */
#define kinetd_load_parameters(__params)					\
module_param_named(port, (__params).port, uint, 0444);				\
MODULE_PARM_DESC(port, "port of the service made at load");			\
module_param_named(address, (__params).address, charp, 0444);			\
MODULE_PARM_DESC(address, "IPv4 or IPv6 address of that service (127.0.0.1)");	\
module_param_named(enabled, (__params).enabled, bool, 0444);			\
MODULE_PARM_DESC(enabled, "serve at once (1)")

/**
 * module_kinetd_protocols() - the whole of a module's init, exit and parameters
 * @__protos: the module's array of &struct kinetd_protocol
 *
 * Gives the module the parameters ``port``, ``address`` and ``enabled``, for the
 * services of all its protocols, which have one default port.
 */
#define module_kinetd_protocols(__protos)					\
	__module_kinetd_protocols(__protos, &(__protos)[0], ARRAY_SIZE(__protos))

/**
 * module_kinetd_protocol() - module_kinetd_protocols() for a module with one protocol
 * @__proto: the module's &struct kinetd_protocol
 */
#define module_kinetd_protocol(__proto)						\
	__module_kinetd_protocols(__proto, &(__proto), 1)

#define __module_kinetd_protocols(__name, __protos, __nr)			\
static struct kinetd_load_params __name##_params = {				\
	.port		= (__protos)->default_port,				\
	.enabled	= true,							\
};										\
kinetd_load_parameters(__name##_params);					\
static int __init __name##_init(void)						\
{										\
	return kinetd_protocols_register(__protos, __nr, &__name##_params);	\
}										\
module_init(__name##_init);							\
static void __exit __name##_exit(void)						\
{										\
	kinetd_protocols_unregister(__protos, __nr);				\
}										\
module_exit(__name##_exit)

#endif /* _KINETD_PROTOCOL_H */
