// SPDX-License-Identifier: GPL-2.0
/*
 * Notify: on each datagram, from whomever, a message goes to one configured
 * target.  rate_limit_pps counts what the target gets, and is on by default.
 */
#include <linux/inet.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <kinetd/protocol.h>
#include <kinetd/sysfs.h>

#define MESSAGE_MAX	1024

/* What is sent and where; replaced as a whole */
struct notice {
	struct rcu_head		rcu;
	struct kinetd_address	addr;
	unsigned int		port;	/* 0: nowhere */
	char			message[MESSAGE_MAX + 1];
};

struct notify_state {
	struct notice __rcu	*notice;
};

static struct notice *notice_of(struct kobject *service)
{
	struct notify_state *state = kinetd_service_state(service);

	return rcu_dereference_protected(state->notice, lockdep_is_held(&kinetd_mutex));
}

/* A copy to be changed and given to notice_commit(), or NULL */
static struct notice *notice_begin(struct kobject *service)
{
	return kmemdup(notice_of(service), sizeof(struct notice), GFP_KERNEL);
}

static int notice_commit(struct kobject *service, struct notice *new, int err)
{
	struct notify_state *state = kinetd_service_state(service);

	if (!err)
		new = rcu_replace_pointer(state->notice, new, lockdep_is_held(&kinetd_mutex));
	/* the old one, or the one that nobody has seen */
	kfree_rcu(new, rcu);
	return err;
}

static ssize_t target_address_show(struct kobject *service, char *buf)
{
	char text[INET6_ADDRSTRLEN];

	kinetd_address_print(&notice_of(service)->addr, text, sizeof(text));
	return sysfs_emit(buf, "%s\n", text);
}

static int target_address_store(struct kobject *service, const char *text)
{
	struct notice *new = notice_begin(service);

	return new ? notice_commit(service, new, kinetd_address_parse(&new->addr, text)) : -ENOMEM;
}

static ssize_t target_port_show(struct kobject *service, char *buf)
{
	return sysfs_emit(buf, "%u\n", notice_of(service)->port);
}

static int target_port_store(struct kobject *service, const char *text)
{
	struct notice *new = notice_begin(service);

	return new ? notice_commit(service, new, kinetd_parse_number(text, U16_MAX, &new->port)) :
		     -ENOMEM;
}

static ssize_t message_show(struct kobject *service, char *buf)
{
	return sysfs_emit(buf, "%s\n", notice_of(service)->message);
}

static int message_store(struct kobject *service, const char *text)
{
	struct notice *new = notice_begin(service);
	ssize_t len;

	if (!new)
		return -ENOMEM;
	len = strscpy(new->message, text, sizeof(new->message));
	return notice_commit(service, new, len < 0 ? -EINVAL : 0);
}

KINETD_ATTR_RW(target_address);
KINETD_ATTR_RW(target_port);
KINETD_ATTR_RW(message);

static const struct attribute *const notify_settings[] = {
	&attr_target_address.attr,
	&attr_target_port.attr,
	&attr_message.attr,
	NULL
};

static int notify_state_init(void *data)
{
	struct notice *notice = kzalloc(sizeof(*notice), GFP_KERNEL);
	struct notify_state *state = data;

	if (!notice)
		return -ENOMEM;
	kinetd_address_parse(&notice->addr, "127.0.0.1");
	strscpy(notice->message, "notify", sizeof(notice->message));
	RCU_INIT_POINTER(state->notice, notice);
	return 0;
}

static void notify_state_exit(void *state)
{
	kfree(rcu_dereference_protected(((struct notify_state *)state)->notice, true));
}

static void notify_datagram(struct kinetd_datagram *dgram)
{
	struct notify_state *state = kinetd_datagram_state(dgram);
	struct notice *notice;

	rcu_read_lock();
	notice = rcu_dereference(state->notice);
	kinetd_datagram_send(dgram, &notice->addr, notice->port, notice->message,
			     strlen(notice->message));
	rcu_read_unlock();
}

static const struct kinetd_protocol udp_notify = {
	.name		= "udp_notify",
	.transport	= KINETD_UDP,
	.default_port	= 2325,
	.datagram	= notify_datagram,
	.rate_limit_pps	= 100,
	.state_size	= sizeof(struct notify_state),
	.state_init	= notify_state_init,
	.state_exit	= notify_state_exit,
	.settings	= notify_settings,
};
module_kinetd_protocol(udp_notify);

MODULE_DESCRIPTION("kinetd: a message to one target for each datagram");
MODULE_LICENSE("GPL");
