// SPDX-License-Identifier: GPL-2.0
/* A service ends with its network namespace. */
#include <net/net_namespace.h>

#include "netns.h"
#include "service.h"

static void __net_exit netns_exit(struct net *net)
{
	kinetd_services_delete_in(net);
}

/* registered as a device's: its exit runs while the namespace still has its devices */
static struct pernet_operations netns_ops = {
	.exit	= netns_exit,
};

int kinetd_netns_init(void)
{
	return register_pernet_device(&netns_ops);
}

void kinetd_netns_exit(void)
{
	unregister_pernet_device(&netns_ops);
}
