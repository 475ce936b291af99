// SPDX-License-Identifier: GPL-2.0
/* The files of a service. */
#include <linux/inet.h>
#include <net/net_namespace.h>

#include "service.h"
#include "udp_socket.h"
#include <kinetd/sysfs.h>

static struct kinetd_service *to_service(struct kobject *kobj)
{
	return container_of(kobj, struct kinetd_service, kobj);
}

/**
 * kinetd_service_state() - the state that a protocol has in a service
 * @service: as a file of &kinetd_protocol.settings is given it
 *
 * Return: the state, of &kinetd_protocol.state_size bytes.
 */
void *kinetd_service_state(struct kobject *service)
{
	return to_service(service)->state;
}
EXPORT_SYMBOL_GPL(kinetd_service_state);

static ssize_t protocol_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_service(kobj)->proto->name);
}

static ssize_t netns_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_service(kobj)->net->ns.inum);
}

static ssize_t address_show(struct kobject *kobj, char *buf)
{
	char text[INET6_ADDRSTRLEN];

	kinetd_address_print(&to_service(kobj)->addr, text, sizeof(text));
	return sysfs_emit(buf, "%s\n", text);
}

static int address_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_service *svc = to_service(kobj);
	struct kinetd_address addr;
	int err;

	err = kinetd_address_parse(&addr, buf);
	if (err)
		return err;
	return svc->live ? kinetd_service_move(svc, &addr, svc->port) : -ENODEV;
}

static ssize_t port_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_service(kobj)->port);
}

static int port_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_service *svc = to_service(kobj);
	unsigned int port;

	if (kinetd_parse_number(buf, U16_MAX, &port) || !port)
		return -EINVAL;
	return svc->live ? kinetd_service_move(svc, &svc->addr, port) : -ENODEV;
}

static ssize_t enabled_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", kinetd_service_enabled(to_service(kobj)));
}

static int enabled_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_service *svc = to_service(kobj);
	unsigned int enabled;

	if (kinetd_parse_number(buf, 1, &enabled))
		return -EINVAL;
	if (!svc->live)
		return -ENODEV;
	if (enabled)
		return kinetd_service_start(svc);
	kinetd_service_stop(svc, false);
	return 0;
}

static ssize_t exec_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, to_service(kobj)->exec_inline ? "thread [inline]\n" :
							       "[thread] inline\n");
}

static int exec_store(struct kobject *kobj, const char *buf)
{
	bool exec_inline = !strcmp(buf, "inline");

	if (!exec_inline && strcmp(buf, "thread"))
		return -EINVAL;
	return kinetd_service_set_exec(to_service(kobj), exec_inline);
}

static ssize_t pool_show(struct kobject *kobj, char *buf)
{
	struct kinetd_pool *pool;

	pool = rcu_dereference_protected(to_service(kobj)->pool, lockdep_is_held(&kinetd_mutex));
	return sysfs_emit(buf, "%s\n", kobject_name(&pool->kobj));
}

static int pool_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_service *svc = to_service(kobj);

	if (!kinetd_name_valid(buf))
		return -EINVAL;
	return svc->live ? kinetd_service_set_pool(svc, buf) : -ENODEV;
}

static ssize_t backlog_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", kinetd_service_backlog(to_service(kobj)));
}

static int backlog_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_service *svc = to_service(kobj);
	unsigned int backlog;

	if (kinetd_parse_number(buf, INT_MAX, &backlog))
		return -EINVAL;
	return svc->live ? kinetd_service_set_backlog(svc, backlog) : -ENODEV;
}

/* A number that connections read when they need it; 0 is no limit */
static int limit_store(unsigned int *limit, const char *buf)
{
	unsigned int number;

	if (kinetd_parse_number(buf, INT_MAX, &number))
		return -EINVAL;
	WRITE_ONCE(*limit, number);
	return 0;
}

static ssize_t max_connections_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_service(kobj)->max_connections);
}

static int max_connections_store(struct kobject *kobj, const char *buf)
{
	return limit_store(&to_service(kobj)->max_connections, buf);
}

static ssize_t max_per_source_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_service(kobj)->max_per_source);
}

static int max_per_source_store(struct kobject *kobj, const char *buf)
{
	return limit_store(&to_service(kobj)->max_per_source, buf);
}

static ssize_t min_source_port_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_service(kobj)->min_source_port);
}

static int min_source_port_store(struct kobject *kobj, const char *buf)
{
	unsigned int port;

	if (kinetd_parse_number(buf, U16_MAX, &port))
		return -EINVAL;
	WRITE_ONCE(to_service(kobj)->min_source_port, port);
	return 0;
}

static ssize_t rate_limit_pps_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_service(kobj)->rate_limit_pps);
}

static int rate_limit_pps_store(struct kobject *kobj, const char *buf)
{
	unsigned int limit;

	if (kinetd_parse_number(buf, INT_MAX, &limit))
		return -EINVAL;
	return kinetd_service_set_rate_limit(to_service(kobj), limit);
}

static int timeout_store(struct kinetd_service *svc, unsigned int *timeout, const char *buf)
{
	int err = limit_store(timeout, buf);

	if (!err)
		kinetd_service_retime(svc);
	return err;
}

static ssize_t idle_timeout_ms_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_service(kobj)->idle_timeout_ms);
}

static int idle_timeout_ms_store(struct kobject *kobj, const char *buf)
{
	return timeout_store(to_service(kobj), &to_service(kobj)->idle_timeout_ms, buf);
}

static ssize_t send_timeout_ms_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_service(kobj)->send_timeout_ms);
}

static int send_timeout_ms_store(struct kobject *kobj, const char *buf)
{
	return timeout_store(to_service(kobj), &to_service(kobj)->send_timeout_ms, buf);
}

KINETD_ATTR_RO(protocol);
KINETD_ATTR_RO(netns);
KINETD_ATTR_RW(address);
KINETD_ATTR_RW(port);
KINETD_ATTR_RW(enabled);
KINETD_ATTR_RW(exec);
KINETD_ATTR_RW(pool);
KINETD_ATTR_RW(backlog);
KINETD_ATTR_RW(max_connections);
KINETD_ATTR_RW(max_per_source);
KINETD_ATTR_RW(idle_timeout_ms);
KINETD_ATTR_RW(send_timeout_ms);
KINETD_ATTR_RW(min_source_port);
KINETD_ATTR_RW(rate_limit_pps);

static struct attribute *service_attrs[] = {
	&attr_protocol.attr,
	&attr_netns.attr,
	&attr_address.attr,
	&attr_port.attr,
	&attr_enabled.attr,
	&attr_exec.attr,
	&attr_pool.attr,
	&attr_backlog.attr,
	&attr_max_connections.attr,
	&attr_max_per_source.attr,
	&attr_idle_timeout_ms.attr,
	&attr_send_timeout_ms.attr,
	&attr_min_source_port.attr,
	&attr_rate_limit_pps.attr,
	NULL
};

static umode_t service_attr_mode(struct kobject *kobj, struct attribute *attr, int n)
{
	bool udp_only = attr == &attr_min_source_port.attr || attr == &attr_rate_limit_pps.attr;

	return udp_only && to_service(kobj)->proto->transport != KINETD_UDP ? 0 : attr->mode;
}

#define SERVICE_COUNTER(_name, _which)						\
static ssize_t _name##_show(struct kobject *kobj, char *buf)			\
{										\
	return sysfs_emit(buf, "%llu\n",					\
			  kinetd_stats_sum(to_service(kobj)->stats, _which));	\
}										\
static struct kinetd_attribute attr_##_name = {					\
	.attr = { .name = #_name, .mode = 0444 },				\
	.show_unlocked = _name##_show,						\
}

SERVICE_COUNTER(connections_accepted, KINETD_CONNECTIONS_ACCEPTED);
SERVICE_COUNTER(connections_closed, KINETD_CONNECTIONS_CLOSED);
SERVICE_COUNTER(connections_refused, KINETD_CONNECTIONS_REFUSED);
SERVICE_COUNTER(connections_timed_out, KINETD_CONNECTIONS_TIMED_OUT);
SERVICE_COUNTER(bytes_received, KINETD_BYTES_RECEIVED);
SERVICE_COUNTER(bytes_sent, KINETD_BYTES_SENT);
SERVICE_COUNTER(datagrams_sent, KINETD_DATAGRAMS_SENT);
SERVICE_COUNTER(errors, KINETD_ERRORS);

/* What found a receive queue full was received, and dropped. */
static ssize_t with_overflows_show(struct kinetd_service *svc, enum kinetd_counter which,
				   char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  kinetd_stats_sum(svc->stats, which) + kinetd_udp_overflows(svc));
}

static ssize_t datagrams_received_show(struct kobject *kobj, char *buf)
{
	return with_overflows_show(to_service(kobj), KINETD_DATAGRAMS_RECEIVED, buf);
}

static ssize_t datagrams_dropped_show(struct kobject *kobj, char *buf)
{
	return with_overflows_show(to_service(kobj), KINETD_DATAGRAMS_DROPPED, buf);
}

static struct kinetd_attribute attr_datagrams_received = {
	.attr = { .name = "datagrams_received", .mode = 0444 },
	.show_unlocked = datagrams_received_show,
};

static struct kinetd_attribute attr_datagrams_dropped = {
	.attr = { .name = "datagrams_dropped", .mode = 0444 },
	.show_unlocked = datagrams_dropped_show,
};

static ssize_t connections_active_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&to_service(kobj)->active));
}

static struct kinetd_attribute attr_connections_active = {
	.attr = { .name = "connections_active", .mode = 0444 },
	.show_unlocked = connections_active_show,
};

static struct attribute *stats_attrs[] = {
	&attr_connections_accepted.attr,
	&attr_connections_active.attr,
	&attr_connections_closed.attr,
	&attr_connections_refused.attr,
	&attr_connections_timed_out.attr,
	&attr_bytes_received.attr,
	&attr_bytes_sent.attr,
	&attr_datagrams_received.attr,
	&attr_datagrams_sent.attr,
	&attr_datagrams_dropped.attr,
	&attr_errors.attr,
	NULL
};

static const struct attribute_group service_group = {
	.attrs		= service_attrs,
	.is_visible	= service_attr_mode,
};

static const struct attribute_group stats_group = {
	.name	= "stats",
	.attrs	= stats_attrs,
};

static const struct attribute_group *service_groups[] = {
	&service_group,
	&stats_group,
	NULL
};

static void service_release(struct kobject *kobj)
{
	kinetd_service_free(to_service(kobj));
}

const struct kobj_type kinetd_service_type = {
	.release	= service_release,
	.sysfs_ops	= &kinetd_sysfs_ops,
	.default_groups	= service_groups,
};
