// SPDX-License-Identifier: GPL-2.0
/* The files of a client. */
#include <linux/inet.h>
#include <linux/net.h>
#include <net/net_namespace.h>

#include "client.h"
#include "payload.h"
#include <kinetd/sysfs.h>

#define CLIENT_MAX_STREAM_BYTES		(1024 * 1024)
#define CLIENT_MAX_DATAGRAM_BYTES	65507		/* what IPv4 can carry */
#define CLIENT_MAX_TIMEOUT_MS		3600000		/* what the histogram can hold */

static struct kinetd_client *to_client(struct kobject *kobj)
{
	return container_of(kobj, struct kinetd_client, kobj);
}

/* May the settings be changed?  A session has them for good. */
static int client_check_idle(const struct kinetd_client *client)
{
	if (!client->live)
		return -ENODEV;
	return kinetd_client_running(client) ? -EBUSY : 0;
}

static bool payload_fits(int type, unsigned int bytes)
{
	if (type == SOCK_STREAM)
		return bytes >= 1 && bytes <= CLIENT_MAX_STREAM_BYTES;
	return bytes >= KINETD_PAYLOAD_NUMBER && bytes <= CLIENT_MAX_DATAGRAM_BYTES;
}

static ssize_t netns_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_client(kobj)->net->ns.inum);
}

static ssize_t transport_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, to_client(kobj)->plan.type == SOCK_STREAM ? "tcp\n" : "udp\n");
}

static int transport_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_client *client = to_client(kobj);
	int type, err;

	if (!strcmp(buf, "tcp"))
		type = SOCK_STREAM;
	else if (!strcmp(buf, "udp"))
		type = SOCK_DGRAM;
	else
		return -EINVAL;
	if (!payload_fits(type, client->plan.payload_bytes))
		return -EINVAL;
	err = client_check_idle(client);
	if (!err)
		client->plan.type = type;
	return err;
}

static ssize_t address_show(struct kobject *kobj, char *buf)
{
	char text[INET6_ADDRSTRLEN];

	kinetd_address_print(&to_client(kobj)->plan.addr, text, sizeof(text));
	return sysfs_emit(buf, "%s\n", text);
}

static int address_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_client *client = to_client(kobj);
	struct kinetd_address addr;
	int err;

	err = kinetd_address_parse(&addr, buf) ?: client_check_idle(client);
	if (!err)
		client->plan.addr = addr;
	return err;
}

static ssize_t port_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_client(kobj)->plan.port);
}

static int port_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_client *client = to_client(kobj);
	unsigned int port;
	int err;

	if (kinetd_parse_number(buf, U16_MAX, &port) || !port)
		return -EINVAL;
	err = client_check_idle(client);
	if (!err)
		client->plan.port = port;
	return err;
}

static ssize_t payload_bytes_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_client(kobj)->plan.payload_bytes);
}

static int payload_bytes_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_client *client = to_client(kobj);
	unsigned int bytes;
	int err;

	if (kinetd_parse_number(buf, UINT_MAX, &bytes) || !payload_fits(client->plan.type, bytes))
		return -EINVAL;
	err = client_check_idle(client);
	if (!err)
		client->plan.payload_bytes = bytes;
	return err;
}

static int number_store(struct kinetd_client *client, unsigned int *number, unsigned int min,
			unsigned int max, const char *buf)
{
	unsigned int value;
	int err;

	if (kinetd_parse_number(buf, max, &value) || value < min)
		return -EINVAL;
	err = client_check_idle(client);
	if (!err)
		*number = value;
	return err;
}

static ssize_t interval_us_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_client(kobj)->plan.interval_us);
}

static int interval_us_store(struct kobject *kobj, const char *buf)
{
	return number_store(to_client(kobj), &to_client(kobj)->plan.interval_us, 0, UINT_MAX, buf);
}

static ssize_t count_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_client(kobj)->plan.count);
}

static int count_store(struct kobject *kobj, const char *buf)
{
	return number_store(to_client(kobj), &to_client(kobj)->plan.count, 0, UINT_MAX, buf);
}

static ssize_t timeout_ms_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_client(kobj)->plan.timeout_ms);
}

static int timeout_ms_store(struct kobject *kobj, const char *buf)
{
	return number_store(to_client(kobj), &to_client(kobj)->plan.timeout_ms, 1,
			    CLIENT_MAX_TIMEOUT_MS, buf);
}

static ssize_t running_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", kinetd_client_running(to_client(kobj)));
}

static int running_store(struct kobject *kobj, const char *buf)
{
	struct kinetd_client *client = to_client(kobj);
	unsigned int running;

	if (kinetd_parse_number(buf, 1, &running))
		return -EINVAL;
	if (!client->live)
		return -ENODEV;
	if (running)
		return kinetd_client_start(client);
	kinetd_client_stop(client);
	return 0;
}

KINETD_ATTR_RO(netns);
KINETD_ATTR_RW(transport);
KINETD_ATTR_RW(address);
KINETD_ATTR_RW(port);
KINETD_ATTR_RW(payload_bytes);
KINETD_ATTR_RW(interval_us);
KINETD_ATTR_RW(count);
KINETD_ATTR_RW(timeout_ms);
KINETD_ATTR_RW(running);

static struct attribute *client_attrs[] = {
	&attr_netns.attr,
	&attr_transport.attr,
	&attr_address.attr,
	&attr_port.attr,
	&attr_payload_bytes.attr,
	&attr_interval_us.attr,
	&attr_count.attr,
	&attr_timeout_ms.attr,
	&attr_running.attr,
	NULL
};

#define CLIENT_FILE(_name)							\
static struct kinetd_attribute attr_##_name = {					\
	.attr = { .name = #_name, .mode = 0444 },				\
	.show_unlocked = _name##_show,						\
}

#define CLIENT_COUNTER(_name, _which)						\
static ssize_t _name##_show(struct kobject *kobj, char *buf)			\
{										\
	struct kinetd_client_stats *stats = &to_client(kobj)->stats;		\
										\
	return sysfs_emit(buf, "%llu\n", kinetd_client_stats_get(stats, _which)); \
}										\
CLIENT_FILE(_name)

CLIENT_COUNTER(sent, KINETD_CLIENT_SENT);
CLIENT_COUNTER(received, KINETD_CLIENT_RECEIVED);
CLIENT_COUNTER(mismatched, KINETD_CLIENT_MISMATCHED);
CLIENT_COUNTER(lost, KINETD_CLIENT_LOST);
CLIENT_COUNTER(errors, KINETD_CLIENT_ERRORS);
CLIENT_COUNTER(reconnects, KINETD_CLIENT_RECONNECTS);

/* @_value: of the histogram rtt */
#define CLIENT_RTT(_name, _value)						\
static ssize_t _name##_show(struct kobject *kobj, char *buf)			\
{										\
	struct kinetd_client_stats *stats = &to_client(kobj)->stats;		\
	const struct kinetd_histogram *rtt = &stats->rtt;			\
	u64 value;								\
										\
	spin_lock(&stats->lock);						\
	value = _value;								\
	spin_unlock(&stats->lock);						\
	return sysfs_emit(buf, "%llu\n", value);				\
}										\
CLIENT_FILE(_name)

CLIENT_RTT(rtt_min_ns, rtt->min);
CLIENT_RTT(rtt_mean_ns, kinetd_histogram_mean(rtt));
CLIENT_RTT(rtt_p50_ns, kinetd_histogram_percentile(rtt, 50));
CLIENT_RTT(rtt_p99_ns, kinetd_histogram_percentile(rtt, 99));
CLIENT_RTT(rtt_max_ns, rtt->max);

static struct attribute *stats_attrs[] = {
	&attr_sent.attr,
	&attr_received.attr,
	&attr_mismatched.attr,
	&attr_lost.attr,
	&attr_errors.attr,
	&attr_reconnects.attr,
	&attr_rtt_min_ns.attr,
	&attr_rtt_mean_ns.attr,
	&attr_rtt_p50_ns.attr,
	&attr_rtt_p99_ns.attr,
	&attr_rtt_max_ns.attr,
	NULL
};

static const struct attribute_group client_group = {
	.attrs	= client_attrs,
};

static const struct attribute_group stats_group = {
	.name	= "stats",
	.attrs	= stats_attrs,
};

static const struct attribute_group *client_groups[] = {
	&client_group,
	&stats_group,
	NULL
};

static void client_release(struct kobject *kobj)
{
	kinetd_client_free(to_client(kobj));
}

const struct kobj_type kinetd_client_type = {
	.release	= client_release,
	.sysfs_ops	= &kinetd_sysfs_ops,
	.default_groups	= client_groups,
};
