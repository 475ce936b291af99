/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_SERVED_H
#define _KINETD_SERVED_H

#include <linux/bitops.h>
#include <linux/list.h>
#include <kinetd/address.h>

struct net;

/**
 * struct kinetd_served - an address and port that datagrams are served at
 * @entry: place in the list, RCU for readers, kinetd_mutex for change
 * @net: its namespace
 * @addr: where
 * @port: where, host byte order
 */
struct kinetd_served {
	struct list_head	entry;
	struct net		*net;
	struct kinetd_address	addr;
	u16			port;
};

void kinetd_served_add(struct kinetd_served *served);
void kinetd_served_remove(struct kinetd_served *served);
bool kinetd_served_conflicts(const struct kinetd_served *served,
			     const struct kinetd_served *except);
bool kinetd_served_look_up(struct net *net, const struct kinetd_address *addr, u16 port);

extern unsigned long kinetd_served_ports[];

/**
 * kinetd_served_at() - is this an address and port of a datagram service of ours?
 * @net: namespace that @addr was seen in
 * @addr: address
 * @port: port, host byte order
 *
 * A service in another namespace counts as well, where it has that address.
 *
 * Context: any but hard interrupts.
 * Return: true where it is.
 */
static inline bool kinetd_served_at(struct net *net, const struct kinetd_address *addr, u16 port)
{
	return unlikely(test_bit(port, kinetd_served_ports)) &&
	       kinetd_served_look_up(net, addr, port);
}

#endif /* _KINETD_SERVED_H */
