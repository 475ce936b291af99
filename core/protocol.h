/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_CORE_PROTOCOL_H
#define _KINETD_CORE_PROTOCOL_H

#include <linux/kobject.h>
#include <linux/list.h>
#include <kinetd/protocol.h>

/**
 * struct kinetd_registration - a protocol in the registry
 * @kobj: /sys/kernel/kinetd/protocols/<name>
 * @entry: place in the list of protocols, kinetd_mutex
 * @proto: what the module registered
 * @live: services may be created: its files are all there and not going; kinetd_mutex
 */
struct kinetd_registration {
	struct kobject			kobj;
	struct list_head		entry;
	const struct kinetd_protocol	*proto;
	bool				live;
};

int kinetd_protocols_init(struct kobject *parent);
void kinetd_protocols_exit(void);

#endif /* _KINETD_CORE_PROTOCOL_H */
