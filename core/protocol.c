// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of protocols.
 *
 * Nothing holds a reference on a protocol's module, so that it can always be
 * unloaded.  Its handlers are called for connections only; unregistering ends
 * every service of the protocol, and a service ends when its last connection
 * has left its handler for good.  Documentation/architecture.rst tells the
 * whole order.
 */
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "protocol.h"
#include "service.h"
#include <kinetd/sysfs.h>

static LIST_HEAD(registrations);
static struct kobject *protocols_dir;

static struct kinetd_registration *to_registration(struct kobject *kobj)
{
	return container_of(kobj, struct kinetd_registration, kobj);
}

static ssize_t transport_show(struct kobject *kobj, char *buf)
{
	bool tcp = to_registration(kobj)->proto->transport == KINETD_TCP;

	return sysfs_emit(buf, "%s\n", tcp ? "tcp" : "udp");
}

static ssize_t default_port_show(struct kobject *kobj, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_registration(kobj)->proto->default_port);
}

static int new_service_store(struct kobject *kobj, const char *name)
{
	struct kinetd_service *svc;

	svc = kinetd_service_create(to_registration(kobj), name, current->nsproxy->net_ns);
	if (IS_ERR(svc))
		return PTR_ERR(svc);
	kobject_put(&svc->kobj);
	return 0;
}

static int delete_service_store(struct kobject *kobj, const char *name)
{
	return kinetd_service_delete(to_registration(kobj), name);
}

KINETD_ATTR_RO(transport);
KINETD_ATTR_RO(default_port);
KINETD_ATTR_WO(new_service);
KINETD_ATTR_WO(delete_service);

static struct attribute *protocol_attrs[] = {
	&attr_transport.attr,
	&attr_default_port.attr,
	&attr_new_service.attr,
	&attr_delete_service.attr,
	NULL
};
ATTRIBUTE_GROUPS(protocol);

static void protocol_release(struct kobject *kobj)
{
	kfree(to_registration(kobj));
}

static const struct kobj_type protocol_type = {
	.release	= protocol_release,
	.sysfs_ops	= &kinetd_sysfs_ops,
	.default_groups	= protocol_groups,
};

static struct kinetd_registration *registration_find(const char *name)
{
	struct kinetd_registration *reg;

	lockdep_assert_held(&kinetd_mutex);
	list_for_each_entry(reg, &registrations, entry)
		if (!strcmp(reg->proto->name, name))
			return reg;
	return NULL;
}

static struct kinetd_registration *registration_add(const struct kinetd_protocol *proto)
{
	struct kinetd_registration *reg;
	int err;

	reg = kzalloc(sizeof(*reg), GFP_KERNEL);
	if (!reg)
		return ERR_PTR(-ENOMEM);
	reg->proto = proto;
	kobject_init(&reg->kobj, &protocol_type);

	mutex_lock(&kinetd_mutex);
	err = registration_find(proto->name) ? -EEXIST : 0;
	if (!err)
		list_add_tail(&reg->entry, &registrations);
	mutex_unlock(&kinetd_mutex);
	if (err)
		goto put;

	err = kobject_add(&reg->kobj, protocols_dir, "%s", proto->name);
	mutex_lock(&kinetd_mutex);
	reg->live = !err;
	if (err)
		list_del(&reg->entry);
	mutex_unlock(&kinetd_mutex);
	if (err)
		goto put;
	return reg;
put:
	kobject_put(&reg->kobj);
	return ERR_PTR(err);
}

static void registration_remove(struct kinetd_registration *reg)
{
	mutex_lock(&kinetd_mutex);
	reg->live = false;
	mutex_unlock(&kinetd_mutex);

	/* waits for writers of new_service, which find it not live */
	kobject_del(&reg->kobj);
	kinetd_services_delete_of(reg);

	mutex_lock(&kinetd_mutex);
	list_del(&reg->entry);
	mutex_unlock(&kinetd_mutex);
	kobject_put(&reg->kobj);
}

/* The service that a module creates at load, in the loader's network namespace */
static int create_first_service(struct kinetd_registration *reg,
				const struct kinetd_address *addr, unsigned int port,
				bool enabled)
{
	struct kinetd_service *svc;
	int err;

	svc = kinetd_service_create(reg, reg->proto->name, current->nsproxy->net_ns);
	if (IS_ERR(svc))
		return PTR_ERR(svc);

	mutex_lock(&kinetd_mutex);
	/* delete_service is open to all already */
	if (!svc->live) {
		err = -ENODEV;
	} else {
		err = kinetd_service_move(svc, addr, port);
		if (!err && enabled)
			err = kinetd_service_start(svc);
	}
	mutex_unlock(&kinetd_mutex);
	kobject_put(&svc->kobj);
	return err;
}

static bool protocol_is_valid(const struct kinetd_protocol *proto)
{
	if (!kinetd_name_valid(proto->name))
		return false;
	switch (proto->transport) {
	case KINETD_TCP:
		return !proto->datagram;
	case KINETD_UDP:
		return proto->datagram && !proto->receive && !proto->transmit;
	}
	return false;
}

static int protocol_check(const struct kinetd_protocol *proto,
			  const struct kinetd_load_params *params, struct kinetd_address *addr)
{
	const char *text = params->address ?: "127.0.0.1";

	if (!protocol_is_valid(proto)) {
		pr_err("%s: not a protocol that this kinetd can serve\n", proto->name);
		return -EINVAL;
	}
	if (!params->port || params->port > U16_MAX) {
		pr_err("%s: port=%u is not 1 to 65535\n", proto->name, params->port);
		return -EINVAL;
	}
	if (kinetd_address_parse(addr, text)) {
		pr_err("%s: address=%s is not an IPv4 or IPv6 address to listen on\n",
		       proto->name, text);
		return -EINVAL;
	}
	return 0;
}

static int protocol_register(const struct kinetd_protocol *proto,
			     const struct kinetd_load_params *params)
{
	struct kinetd_registration *reg;
	struct kinetd_address addr;
	int err;

	err = protocol_check(proto, params, &addr);
	if (err)
		return err;
	reg = registration_add(proto);
	if (IS_ERR(reg)) {
		pr_err("%s: cannot register: error %pe\n", proto->name, reg);
		return PTR_ERR(reg);
	}
	err = create_first_service(reg, &addr, params->port, params->enabled);
	if (err) {
		pr_err("%s: cannot serve on %s port %u: error %pe\n", proto->name,
		       params->address ?: "127.0.0.1", params->port, ERR_PTR(err));
		registration_remove(reg);
	}
	return err;
}

/**
 * kinetd_protocols_register() - make protocols known and create a service of each
 * @protos: the protocols; stay as they are until they are unregistered
 * @nr: number of @protos
 * @params: the services
 *
 * Use module_kinetd_protocol() or module_kinetd_protocols() instead where that
 * suffices.
 *
 * Context: process context, a module's init.
 * Return: 0, or a negative errno with nothing left behind and a line in the log:
 * -EINVAL, -EEXIST (a name is taken), -ENOMEM, or what binding says
 * (-EADDRINUSE, -EADDRNOTAVAIL, -EAFNOSUPPORT).
 */
int kinetd_protocols_register(const struct kinetd_protocol *protos, unsigned int nr,
			      const struct kinetd_load_params *params)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		err = protocol_register(&protos[i], params);
		if (err) {
			kinetd_protocols_unregister(protos, i);
			return err;
		}
	}
	return 0;
}
EXPORT_SYMBOL_GPL(kinetd_protocols_register);

static void protocol_unregister(const struct kinetd_protocol *proto)
{
	struct kinetd_registration *reg;

	mutex_lock(&kinetd_mutex);
	reg = registration_find(proto->name);
	mutex_unlock(&kinetd_mutex);
	if (!WARN_ON_ONCE(!reg || reg->proto != proto))
		registration_remove(reg);
}

/**
 * kinetd_protocols_unregister() - end all services of protocols and forget them
 * @protos: registered protocols
 * @nr: number of @protos
 *
 * When it returns, no handler of @protos runs or will be called.
 *
 * Context: process context, a module's exit.  Waits for connections to close,
 * which no peer can delay.
 */
void kinetd_protocols_unregister(const struct kinetd_protocol *protos, unsigned int nr)
{
	while (nr)
		protocol_unregister(&protos[--nr]);
}
EXPORT_SYMBOL_GPL(kinetd_protocols_unregister);

int kinetd_protocols_init(struct kobject *parent)
{
	protocols_dir = kobject_create_and_add("protocols", parent);
	return protocols_dir ? 0 : -ENOMEM;
}

void kinetd_protocols_exit(void)
{
	kobject_put(protocols_dir);
}
