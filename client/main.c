// SPDX-License-Identifier: GPL-2.0
/* kinetd_client: connects, sends, checks what comes back, and measures. */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/net_namespace.h>

#include "client.h"

static void __net_exit client_net_exit(struct net *net)
{
	kinetd_clients_delete_in(net);
}

/* registered as a device's: its exit runs while the namespace still has its devices */
static struct pernet_operations client_net_ops = {
	.exit	= client_net_exit,
};

static int __init client_init(void)
{
	int err;

	err = register_pernet_device(&client_net_ops);
	if (err)
		return err;
	/* last: from here on clients can be made and deleted by anybody */
	err = kinetd_clients_init();
	if (err)
		unregister_pernet_device(&client_net_ops);
	return err;
}

static void __exit client_exit(void)
{
	kinetd_clients_exit();
	unregister_pernet_device(&client_net_ops);
	/* a callback that found no channel may still be on its way out of our code */
	synchronize_rcu();
}

module_init(client_init);
module_exit(client_exit);

MODULE_DESCRIPTION("kinetd client: sends to a service, checks and measures what comes back");
MODULE_LICENSE("GPL");
