/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kinetd

#if !defined(_KINETD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KINETD_TRACE_H

#include <linux/inet.h>
#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include <kinetd/address.h>
#include "connection.h"
#include "datagram.h"
#include "service.h"

DECLARE_EVENT_CLASS(kinetd_service_class,
	TP_PROTO(const struct kinetd_service *svc),
	TP_ARGS(svc),
	TP_STRUCT__entry(
		__array(char, service, KINETD_NAME_MAX + 1)
		__array(char, address, INET6_ADDRSTRLEN)
		__field(u16, port)
		__field(unsigned int, netns)
	),
	TP_fast_assign(
		strscpy(__entry->service, kinetd_service_name(svc), sizeof(__entry->service));
		kinetd_address_print(&svc->addr, __entry->address, sizeof(__entry->address));
		__entry->port = svc->port;
		__entry->netns = svc->net->ns.inum;
	),
	TP_printk("service=%s address=%s port=%u netns=%u", __entry->service,
		  __entry->address, __entry->port, __entry->netns)
);

DEFINE_EVENT(kinetd_service_class, kinetd_service_start,
	TP_PROTO(const struct kinetd_service *svc),
	TP_ARGS(svc)
);

DEFINE_EVENT(kinetd_service_class, kinetd_service_stop,
	TP_PROTO(const struct kinetd_service *svc),
	TP_ARGS(svc)
);

DECLARE_EVENT_CLASS(kinetd_peer_class,
	TP_PROTO(const struct kinetd_service *svc, const struct sock *sk),
	TP_ARGS(svc, sk),
	TP_STRUCT__entry(
		__array(char, service, KINETD_NAME_MAX + 1)
		__array(char, peer, INET6_ADDRSTRLEN)
		__field(u16, port)
	),
	TP_fast_assign(
		struct kinetd_address peer;

		kinetd_address_of_peer(sk, &peer);
		strscpy(__entry->service, kinetd_service_name(svc), sizeof(__entry->service));
		kinetd_address_print(&peer, __entry->peer, sizeof(__entry->peer));
		__entry->port = ntohs(sk->sk_dport);
	),
	TP_printk("service=%s peer=%s port=%u", __entry->service, __entry->peer, __entry->port)
);

DEFINE_EVENT(kinetd_peer_class, kinetd_connection_open,
	TP_PROTO(const struct kinetd_service *svc, const struct sock *sk),
	TP_ARGS(svc, sk)
);

DEFINE_EVENT(kinetd_peer_class, kinetd_connection_refuse,
	TP_PROTO(const struct kinetd_service *svc, const struct sock *sk),
	TP_ARGS(svc, sk)
);

DEFINE_EVENT(kinetd_peer_class, kinetd_connection_timeout,
	TP_PROTO(const struct kinetd_service *svc, const struct sock *sk),
	TP_ARGS(svc, sk)
);

TRACE_EVENT(kinetd_connection_close,
	TP_PROTO(const struct kinetd_connection *conn),
	TP_ARGS(conn),
	TP_STRUCT__entry(
		__array(char, service, KINETD_NAME_MAX + 1)
		__array(char, peer, INET6_ADDRSTRLEN)
		__field(u16, port)
		__field(u64, received)
		__field(u64, sent)
	),
	TP_fast_assign(
		struct kinetd_address peer;

		kinetd_address_of_peer(conn->sock->sk, &peer);
		strscpy(__entry->service, kinetd_service_name(conn->svc),
			sizeof(__entry->service));
		kinetd_address_print(&peer, __entry->peer, sizeof(__entry->peer));
		__entry->port = ntohs(conn->sock->sk->sk_dport);
		__entry->received = conn->bytes_received;
		__entry->sent = conn->bytes_sent;
	),
	TP_printk("service=%s peer=%s port=%u received=%llu sent=%llu", __entry->service,
		  __entry->peer, __entry->port, __entry->received, __entry->sent)
);

#define show_kinetd_drop(reason)						\
	__print_symbolic(reason,						\
		{ KINETD_DROP_CHECKSUM,		"checksum" },			\
		{ KINETD_DROP_OVERFLOW,		"overflow" },			\
		{ KINETD_DROP_PORT_ZERO,	"source_port_zero" },		\
		{ KINETD_DROP_LOW_PORT,		"low_source_port" },		\
		{ KINETD_DROP_OWN_SERVICE,	"own_service" },		\
		{ KINETD_DROP_BROADCAST,	"broadcast" },			\
		{ KINETD_DROP_MULTICAST,	"multicast" },			\
		{ KINETD_DROP_RATE_LIMIT,	"rate_limit" },			\
		{ KINETD_DROP_SOURCES,		"too_many_sources" },		\
		{ KINETD_DROP_NO_TARGET,	"no_target" })

TRACE_EVENT(kinetd_datagram_drop,
	TP_PROTO(const struct kinetd_service *svc, const struct kinetd_address *source, u16 port,
		 int reason, unsigned int count),
	TP_ARGS(svc, source, port, reason, count),
	TP_STRUCT__entry(
		__array(char, service, KINETD_NAME_MAX + 1)
		__array(char, source, INET6_ADDRSTRLEN)
		__field(u16, port)
		__field(int, reason)
		__field(unsigned int, count)
	),
	TP_fast_assign(
		strscpy(__entry->service, kinetd_service_name(svc), sizeof(__entry->service));
		kinetd_address_print(source, __entry->source, sizeof(__entry->source));
		__entry->port = port;
		__entry->reason = reason;
		__entry->count = count;
	),
	TP_printk("service=%s source=%s port=%u reason=%s count=%u", __entry->service,
		  __entry->source, __entry->port,
		  show_kinetd_drop(__entry->reason), __entry->count)
);

#endif /* _KINETD_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
