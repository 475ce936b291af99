/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_SERVICE_H
#define _KINETD_SERVICE_H

#include <linux/kobject.h>
#include <linux/list.h>
#include <kinetd/protocol.h>

#include <kinetd/address.h>
#include "pool.h"
#include "source.h"
#include "stats.h"

struct kinetd_binding;
struct kinetd_rate;
struct kinetd_registration;
struct net;

/**
 * struct kinetd_service - one configured endpoint of a protocol
 * @kobj: /sys/kernel/kinetd/services/<name>
 * @entry: place in the list of services, kinetd_mutex
 * @proto: handlers; the module is there as long as the service is
 * @registration: the protocol's entry in the registry
 * @net: namespace of its sockets; without a reference, since the service ends with it
 * @pool: whose workers serve; RCU for readers, kinetd_mutex for change
 * @binding: while enabled, kinetd_mutex
 * @state: the protocol's own, of its state_size, or NULL
 * @addr: where it listens, kinetd_mutex
 * @port: where it listens, host byte order, kinetd_mutex
 * @backlog: asked for, kinetd_mutex
 * @live: its files are all there and not going; whoever clears it does the whole
 *	deletion; kinetd_mutex
 * @exec_inline: serve in softirqs, where that is possible: connections accepted from now on
 * @max_connections: 0 for no limit
 * @max_per_source: 0 for no limit
 * @idle_timeout_ms: 0 for none
 * @send_timeout_ms: 0 for none
 * @active: connections that count against @max_connections
 * @open: connections that exist; the service may go when it is 0
 * @sources: connections by peer
 * @min_source_port: a datagram from below it is not answered
 * @rate_limit_pps: answers a second to one source, 0 for no limit; with a limit there is a @rate
 * @rate: answers by source, or NULL
 * @udp_lock: protects the next two members; taken in process context only
 * @udp_sockets: &struct kinetd_udp_socket
 * @overflows: datagrams that found the receive queues of closed sockets full
 * @stats: counters
 */
struct kinetd_service {
	struct kobject				kobj;
	struct list_head			entry;
	const struct kinetd_protocol		*proto;
	struct kinetd_registration		*registration;
	struct net				*net;
	struct kinetd_pool __rcu		*pool;
	struct kinetd_binding			*binding;
	void					*state;
	struct kinetd_address			addr;
	u16					port;
	unsigned int				backlog;
	bool					live;
	bool					exec_inline;

	unsigned int				max_connections;
	unsigned int				max_per_source;
	unsigned int				idle_timeout_ms;
	unsigned int				send_timeout_ms;

	atomic_t				active;
	atomic_t				open;
	struct kinetd_sources			sources;

	unsigned int				min_source_port;
	unsigned int				rate_limit_pps;
	struct kinetd_rate			*rate;
	spinlock_t				udp_lock; /* the next two members */
	struct list_head			udp_sockets;
	u64					overflows;

	struct kinetd_stats __percpu		*stats;
};

#define kinetd_service_count(svc, which, n)	kinetd_stats_add((svc)->stats, which, n)

static inline const char *kinetd_service_name(const struct kinetd_service *svc)
{
	return kobject_name(&svc->kobj);
}

extern const struct kobj_type kinetd_service_type;

int kinetd_services_init(struct kobject *parent);
void kinetd_services_exit(void);

struct kinetd_service *kinetd_service_create(struct kinetd_registration *reg, const char *name,
					     struct net *net);
int kinetd_service_delete(struct kinetd_registration *reg, const char *name);
void kinetd_services_delete_of(struct kinetd_registration *reg);
void kinetd_services_delete_in(struct net *net);
void kinetd_service_free(struct kinetd_service *svc);

bool kinetd_service_enabled(const struct kinetd_service *svc);
int kinetd_service_start(struct kinetd_service *svc);
void kinetd_service_stop(struct kinetd_service *svc, bool abort);
int kinetd_service_move(struct kinetd_service *svc, const struct kinetd_address *addr, u16 port);
int kinetd_service_set_exec(struct kinetd_service *svc, bool exec_inline);
int kinetd_service_set_backlog(struct kinetd_service *svc, unsigned int backlog);
int kinetd_service_set_pool(struct kinetd_service *svc, const char *name);
int kinetd_service_set_rate_limit(struct kinetd_service *svc, unsigned int limit);
void kinetd_services_follow_pool(struct kinetd_pool *pool);
struct kinetd_pool *kinetd_service_pool(const struct kinetd_service *svc);
unsigned int kinetd_service_backlog_wanted(const struct kinetd_service *svc);
unsigned int kinetd_service_backlog(const struct kinetd_service *svc);
void kinetd_service_retime(struct kinetd_service *svc);

#endif /* _KINETD_SERVICE_H */
