// SPDX-License-Identifier: GPL-2.0
/*
 * Services: configured endpoints of protocols.
 *
 * A service is deleted by a write to its protocol's delete_service, by the end
 * of its protocol or by the end of its network namespace.  Deletions take
 * place one at a time under deletion_mutex, so that whoever holds it finds no
 * service half gone.  Lock order: deletion_mutex, kinetd_mutex.
 *
 * A service that is not live yet nobody else ends: the folder of a protocol that
 * goes is away, and with it whoever makes services, before its services are looked
 * for, and the namespace of whoever makes one cannot end.
 *
 * A folder comes and goes without kinetd_mutex: where sysfs takes it away, and
 * where it takes back a half of it for want of memory, it waits for whoever
 * reads or writes a file of it, and these wait for kinetd_mutex.
 */
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/wait_bit.h>
#include <net/net_namespace.h>

#include "binding.h"
#include "connection.h"
#include "listener.h"
#include "protocol.h"
#include "rate.h"
#include "service.h"
#include <kinetd/sysfs.h>
#include "trace.h"
#include "udp_socket.h"

#define SERVICE_MAX_CONNECTIONS	16384
#define SERVICE_SEND_TIMEOUT_MS	120000
#define SERVICE_MIN_SOURCE_PORT	1024

static LIST_HEAD(services);
static struct kobject *services_dir;
/* one deletion of a service at a time, from marking it to its end */
static DEFINE_MUTEX(deletion_mutex);

static struct kinetd_service *service_find(const char *name)
{
	struct kinetd_service *svc;

	lockdep_assert_held(&kinetd_mutex);
	list_for_each_entry(svc, &services, entry)
		if (!strcmp(kinetd_service_name(svc), name))
			return svc;
	return NULL;
}

/* the service's pool, for whoever holds kinetd_mutex */
struct kinetd_pool *kinetd_service_pool(const struct kinetd_service *svc)
{
	return rcu_dereference_protected(svc->pool, lockdep_is_held(&kinetd_mutex));
}

static void service_set_defaults(struct kinetd_service *svc)
{
	svc->addr.family = AF_INET;
	svc->addr.v4.s_addr = htonl(INADDR_LOOPBACK);
	svc->port = svc->proto->default_port;
	svc->backlog = SOMAXCONN;
	svc->max_connections = SERVICE_MAX_CONNECTIONS;
	svc->send_timeout_ms = SERVICE_SEND_TIMEOUT_MS;
	svc->min_source_port = SERVICE_MIN_SOURCE_PORT;
}

static int service_init_state(struct kinetd_service *svc)
{
	const struct kinetd_protocol *proto = svc->proto;
	int err;

	if (proto->state_size) {
		svc->state = kzalloc(proto->state_size, GFP_KERNEL);
		if (!svc->state)
			return -ENOMEM;
	}
	err = kinetd_service_set_rate_limit(svc, proto->rate_limit_pps);
	if (!err && proto->state_init)
		err = proto->state_init(svc->state);
	return err;
}

static void service_exit_state(struct kinetd_service *svc)
{
	if (svc->proto->state_exit)
		svc->proto->state_exit(svc->state);
}

static struct kinetd_service *service_alloc(struct kinetd_registration *reg, struct net *net)
{
	struct kinetd_service *svc = kzalloc(sizeof(*svc), GFP_KERNEL);

	if (!svc)
		return NULL;
	svc->proto = reg->proto;
	svc->registration = reg;
	svc->net = net;
	service_set_defaults(svc);
	kinetd_sources_setup(&svc->sources);
	spin_lock_init(&svc->udp_lock);
	INIT_LIST_HEAD(&svc->udp_sockets);
	svc->stats = alloc_percpu(struct kinetd_stats);
	if (!svc->stats) {
		kinetd_service_free(svc);
		return NULL;
	}
	kobject_init(&svc->kobj, &kinetd_service_type);
	return svc;
}

void kinetd_service_free(struct kinetd_service *svc)
{
	kinetd_rate_free(svc->rate);
	free_percpu(svc->stats);
	kfree(svc->state);
	kfree(svc);
}

static int service_add_files(struct kinetd_service *svc)
{
	int err = kobject_add(&svc->kobj, services_dir, NULL);

	if (err || !svc->proto->settings)
		return err;
	err = sysfs_create_files(&svc->kobj, svc->proto->settings);
	if (err)
		kobject_del(&svc->kobj);
	return err;
}

/* The name is taken from here on. */
static int service_link(struct kinetd_service *svc, const char *name)
{
	struct kinetd_pool *pool;
	int err;

	lockdep_assert_held(&kinetd_mutex);
	if (!svc->registration->live)
		return -ENODEV;
	if (service_find(name))
		return -EEXIST;
	err = kobject_set_name(&svc->kobj, "%s", name) ?: service_init_state(svc);
	if (err)
		return err;
	pool = kinetd_pool_find(KINETD_POOL_DEFAULT);
	RCU_INIT_POINTER(svc->pool, pool);
	pool->users++;
	list_add_tail(&svc->entry, &services);
	return 0;
}

static void service_unlink(struct kinetd_service *svc)
{
	lockdep_assert_held(&kinetd_mutex);
	kinetd_service_pool(svc)->users--;
	list_del(&svc->entry);
	service_exit_state(svc);
}

/* Return: 0 and a reference for the caller: delete_service may end it at once. */
static int service_add(struct kinetd_service *svc)
{
	int err = service_add_files(svc);

	mutex_lock(&kinetd_mutex);
	if (err) {
		service_unlink(svc);
	} else {
		svc->live = true;
		kobject_get(&svc->kobj);
	}
	mutex_unlock(&kinetd_mutex);
	return err;
}

/**
 * kinetd_service_create() - make a service, not yet enabled
 * @reg: its protocol
 * @name: its name
 * @net: where its sockets will be; cannot end before this returns
 *
 * Return: the service, its kobject referenced for the caller, or an ERR_PTR():
 * -EINVAL (a bad name), -EEXIST, -ENODEV (the protocol is going), -ENOMEM.
 */
struct kinetd_service *kinetd_service_create(struct kinetd_registration *reg, const char *name,
					     struct net *net)
{
	struct kinetd_service *svc;
	int err;

	if (!kinetd_name_valid(name))
		return ERR_PTR(-EINVAL);
	svc = service_alloc(reg, net);
	if (!svc)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&kinetd_mutex);
	err = service_link(svc, name);
	mutex_unlock(&kinetd_mutex);
	if (!err)
		err = service_add(svc);
	if (err) {
		kobject_put(&svc->kobj);
		return ERR_PTR(err);
	}
	return svc;
}

static void service_remove(struct kinetd_service *svc, bool abort)
{
	lockdep_assert_held(&deletion_mutex);

	mutex_lock(&kinetd_mutex);
	svc->live = false;
	mutex_unlock(&kinetd_mutex);

	/* waits for writers to its files, which find it not live */
	kobject_del(&svc->kobj);

	mutex_lock(&kinetd_mutex);
	kinetd_service_stop(svc, abort);
	service_unlink(svc);
	mutex_unlock(&kinetd_mutex);
	kobject_put(&svc->kobj);
}

/**
 * kinetd_service_delete() - end a service
 * @reg: its protocol
 * @name: its name
 *
 * Return: 0, -EINVAL (a bad name), -ENOENT (no such service of @reg).
 */
int kinetd_service_delete(struct kinetd_registration *reg, const char *name)
{
	struct kinetd_service *svc;

	if (!kinetd_name_valid(name))
		return -EINVAL;
	mutex_lock(&deletion_mutex);
	mutex_lock(&kinetd_mutex);
	svc = service_find(name);
	if (svc && (svc->registration != reg || !svc->live))
		svc = NULL;
	mutex_unlock(&kinetd_mutex);
	if (svc)
		service_remove(svc, false);
	mutex_unlock(&deletion_mutex);
	return svc ? 0 : -ENOENT;
}

static struct kinetd_service *service_find_of(struct kinetd_registration *reg, struct net *net)
{
	struct kinetd_service *svc, *found = NULL;

	mutex_lock(&kinetd_mutex);
	list_for_each_entry(svc, &services, entry) {
		if (svc->registration == reg || svc->net == net) {
			found = svc;
			break;
		}
	}
	mutex_unlock(&kinetd_mutex);
	return found;
}

/**
 * kinetd_services_delete_of() - end all services of a protocol
 * @reg: a protocol that is not live any more
 *
 * When it returns no service of @reg exists, whoever deleted it, and no
 * handler of the protocol runs.
 */
void kinetd_services_delete_of(struct kinetd_registration *reg)
{
	struct kinetd_service *svc;

	mutex_lock(&deletion_mutex);
	while ((svc = service_find_of(reg, NULL)))
		service_remove(svc, false);
	mutex_unlock(&deletion_mutex);
}

/**
 * kinetd_services_delete_in() - end all services of a network namespace
 * @net: a namespace that is going: its connections are reset
 *
 * When it returns no socket of ours is in @net but those that were closed
 * gracefully and hold a reference on it.
 */
void kinetd_services_delete_in(struct net *net)
{
	struct kinetd_service *svc;

	mutex_lock(&deletion_mutex);
	while ((svc = service_find_of(NULL, net)))
		service_remove(svc, true);
	mutex_unlock(&deletion_mutex);
}

/* the backlog of a listener from now on: what was asked for, within the namespace's limit */
unsigned int kinetd_service_backlog_wanted(const struct kinetd_service *svc)
{
	return min_t(unsigned int, svc->backlog, READ_ONCE(svc->net->core.sysctl_somaxconn));
}

bool kinetd_service_enabled(const struct kinetd_service *svc)
{
	return svc->binding && svc->binding->ops->alive(svc->binding);
}

/* the backlog in force: a listener keeps its own when the namespace's limit changes */
unsigned int kinetd_service_backlog(const struct kinetd_service *svc)
{
	if (kinetd_service_enabled(svc) && svc->binding->ops->backlog)
		return svc->binding->ops->backlog(svc->binding);
	return kinetd_service_backlog_wanted(svc);
}

static void service_unbind(struct kinetd_service *svc)
{
	if (svc->binding)
		svc->binding->ops->close(svc->binding, false);
	svc->binding = NULL;
}

/* Bind, before what was bound until now is closed.  Return: 0, or nothing changed. */
static int service_bind(struct kinetd_service *svc, const struct kinetd_address *addr, u16 port)
{
	const struct kinetd_binding_ops *ops;
	struct kinetd_binding *binding, *old = svc->binding;

	ops = svc->proto->transport == KINETD_TCP ? &kinetd_listener_ops : &kinetd_udp_ops;
	binding = ops->open(svc, addr, port, old);
	if (IS_ERR(binding))
		return PTR_ERR(binding);
	svc->binding = binding;
	if (old)
		ops->close(old, true);
	return 0;
}

/**
 * kinetd_service_start() - bind and serve
 * @svc: service
 *
 * Context: kinetd_mutex.
 * Return: 0, also where it serves already, or what binding says.
 */
int kinetd_service_start(struct kinetd_service *svc)
{
	int err;

	lockdep_assert_held(&kinetd_mutex);
	if (kinetd_service_enabled(svc))
		return 0;
	service_unbind(svc);
	err = service_bind(svc, &svc->addr, svc->port);
	if (!err)
		trace_kinetd_service_start(svc);
	return err;
}

struct connection_order {
	const struct kinetd_service *svc;
	unsigned long flags;
};

/* Set flags on a service's connections among a worker's endpoints */
static void order_connections(struct kinetd_worker *worker, void *arg)
{
	const struct connection_order *order = arg;
	struct kinetd_connection *conn;
	struct kinetd_endpoint *ep;

	spin_lock_bh(&worker->lock);
	list_for_each_entry(ep, &worker->endpoints, siblings) {
		conn = kinetd_endpoint_connection(ep);
		if (!conn || conn->svc != order->svc)
			continue;
		if (order->flags & BIT(KINETD_EP_ABORT))
			set_bit(KINETD_EP_ABORT, &ep->flags);
		if (order->flags & BIT(KINETD_EP_STOP))
			set_bit(KINETD_EP_STOP, &ep->flags);
		if (order->flags & BIT(KINETD_EP_TIMER))
			set_bit(KINETD_EP_TIMER, &ep->flags);
		kinetd_endpoint_kick(ep);
	}
	spin_unlock_bh(&worker->lock);
}

/**
 * kinetd_service_stop() - stop serving and close all connections
 * @svc: service
 * @abort: by reset; else what is queued for a peer is still delivered, unless there is more
 *	   that the peer sent and that nobody has read: then TCP resets
 *
 * When it returns no handler of @svc runs.
 *
 * Context: kinetd_mutex.  Waits for the workers, which never wait for a peer.
 */
void kinetd_service_stop(struct kinetd_service *svc, bool abort)
{
	struct connection_order order = {
		.svc = svc,
		.flags = BIT(KINETD_EP_STOP) | (abort ? BIT(KINETD_EP_ABORT) : 0),
	};
	bool enabled = svc->binding;

	lockdep_assert_held(&kinetd_mutex);
	service_unbind(svc);
	/* with the listener went the only one who opens connections */
	kinetd_pools_visit_workers(order_connections, &order);
	wait_var_event(&svc->open, !atomic_read(&svc->open));
	if (enabled)
		trace_kinetd_service_stop(svc);
}

/* have the connections look at the timeouts, which were changed */
void kinetd_service_retime(struct kinetd_service *svc)
{
	struct connection_order order = { .svc = svc, .flags = BIT(KINETD_EP_TIMER) };

	kinetd_pools_visit_workers(order_connections, &order);
}

/**
 * kinetd_service_move() - change address and port
 * @svc: service
 * @addr: new address
 * @port: new port, host byte order
 *
 * Where it serves, the new socket listens before the old one closes, and who
 * waits to be accepted by the old one is served.
 *
 * Context: kinetd_mutex.
 * Return: 0, or what binding says and nothing changed.
 */
int kinetd_service_move(struct kinetd_service *svc, const struct kinetd_address *addr, u16 port)
{
	int err = 0;

	lockdep_assert_held(&kinetd_mutex);
	if (kinetd_address_equal(&svc->addr, addr) && svc->port == port)
		return 0;
	if (svc->binding)
		err = service_bind(svc, addr, port);
	if (err)
		return err;
	svc->addr = *addr;
	svc->port = port;
	if (svc->binding)
		trace_kinetd_service_start(svc);
	return 0;
}

int kinetd_service_set_backlog(struct kinetd_service *svc, unsigned int backlog)
{
	if (!backlog || backlog > INT_MAX)
		return -EINVAL;
	svc->backlog = backlog;
	if (svc->binding && svc->binding->ops->set_backlog)
		svc->binding->ops->set_backlog(svc->binding, kinetd_service_backlog_wanted(svc));
	return 0;
}

/**
 * kinetd_service_set_exec() - choose where the handler runs
 * @svc: service
 * @exec_inline: in softirqs, where that is possible; else in the pool's workers
 *
 * Context: kinetd_mutex.
 * Return: 0, -EOPNOTSUPP where no softirq may do it, or -ENOMEM, and nothing changed.
 */
int kinetd_service_set_exec(struct kinetd_service *svc, bool exec_inline)
{
	int err = 0;

	if (exec_inline == svc->exec_inline)
		return 0;
	if (exec_inline && IS_ENABLED(CONFIG_PREEMPT_RT))
		return -EOPNOTSUPP;
	if (svc->binding && svc->binding->ops->set_exec)
		err = svc->binding->ops->set_exec(svc->binding, exec_inline);
	if (!err)
		WRITE_ONCE(svc->exec_inline, exec_inline);
	return err;
}

/**
 * kinetd_service_set_rate_limit() - limit how often a source is answered
 * @svc: service
 * @limit: answers a second, 0 for no limit
 *
 * Context: kinetd_mutex.
 * Return: 0 or -ENOMEM.
 */
int kinetd_service_set_rate_limit(struct kinetd_service *svc, unsigned int limit)
{
	if (limit && !svc->rate) {
		svc->rate = kinetd_rate_alloc();
		if (!svc->rate)
			return -ENOMEM;
	}
	/* who sees the limit sees the table, which stays */
	smp_store_release(&svc->rate_limit_pps, limit);
	return 0;
}

/* The workers that serve the binding are others. */
static int service_follow_pool(struct kinetd_service *svc)
{
	if (!svc->binding)
		return 0;
	if (!svc->binding->ops->follow_pool)
		return service_bind(svc, &svc->addr, svc->port);
	svc->binding->ops->follow_pool(svc->binding);
	return 0;
}

/**
 * kinetd_services_follow_pool() - a pool's workers have changed
 * @pool: pool
 *
 * Where a service cannot follow for want of memory, it goes on with the sockets
 * that it has.
 *
 * Context: kinetd_mutex.
 */
void kinetd_services_follow_pool(struct kinetd_pool *pool)
{
	struct kinetd_service *svc;

	lockdep_assert_held(&kinetd_mutex);
	list_for_each_entry(svc, &services, entry)
		if (kinetd_service_pool(svc) == pool && svc->binding &&
		    !svc->binding->ops->follow_pool)
			service_follow_pool(svc);
}

/**
 * kinetd_service_set_pool() - have another pool serve new connections
 * @svc: service
 * @name: the pool's
 *
 * Context: kinetd_mutex.
 * Return: 0, -ENOENT, or -ENOMEM and nothing changed.
 */
int kinetd_service_set_pool(struct kinetd_service *svc, const char *name)
{
	struct kinetd_pool *pool = kinetd_pool_find(name);
	struct kinetd_pool *old = kinetd_service_pool(svc);
	int err;

	if (!pool)
		return -ENOENT;
	if (pool == old)
		return 0;
	rcu_assign_pointer(svc->pool, pool);
	err = service_follow_pool(svc);
	if (err) {
		rcu_assign_pointer(svc->pool, old);
		return err;
	}
	pool->users++;
	old->users--;
	return 0;
}

int kinetd_services_init(struct kobject *parent)
{
	services_dir = kobject_create_and_add("services", parent);
	return services_dir ? 0 : -ENOMEM;
}

void kinetd_services_exit(void)
{
	kobject_put(services_dir);
}
