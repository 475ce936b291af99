// SPDX-License-Identifier: GPL-2.0
/*
 * Where this host's own datagram services are.  A datagram that seems to come
 * from one of them must not be answered: the two would answer each other for
 * ever.
 */
#include <linux/bitmap.h>
#include <linux/rculist.h>
#include <net/ip6_fib.h>
#include <net/ipv6_stubs.h>
#include <net/net_namespace.h>
#include <net/route.h>

#include <kinetd/sysfs.h>

#include "served.h"

static LIST_HEAD(served_list);
/* ports of what is in the list: all that most datagrams are looked up in */
DECLARE_BITMAP(kinetd_served_ports, U16_MAX + 1);

/* Context: kinetd_mutex. */
void kinetd_served_add(struct kinetd_served *served)
{
	lockdep_assert_held(&kinetd_mutex);
	list_add_tail_rcu(&served->entry, &served_list);
	set_bit(served->port, kinetd_served_ports);
}

/* Context: kinetd_mutex.  Readers see @served for a grace period more. */
void kinetd_served_remove(struct kinetd_served *served)
{
	struct kinetd_served *other;

	lockdep_assert_held(&kinetd_mutex);
	list_del_rcu(&served->entry);
	list_for_each_entry(other, &served_list, entry)
		if (other->port == served->port)
			return;
	clear_bit(served->port, kinetd_served_ports);
}

static bool address_is_any(const struct kinetd_address *addr)
{
	return addr->family == AF_INET ? !addr->v4.s_addr : ipv6_addr_any(&addr->v6);
}

static bool addresses_overlap(const struct kinetd_address *a, const struct kinetd_address *b)
{
	if (address_is_any(a) && (a->family == AF_INET6 || b->family == AF_INET))
		return true;
	if (address_is_any(b) && (b->family == AF_INET6 || a->family == AF_INET))
		return true;
	return kinetd_address_equal(a, b);
}

/**
 * kinetd_served_conflicts() - is another service where this one wants to be?
 * @served: where it wants to be; not in the list
 * @except: where it is, which is to be replaced
 *
 * To the kernel all our sockets look like those of one owner, who may share.
 *
 * Context: kinetd_mutex.
 * Return: true where another has the port.
 */
bool kinetd_served_conflicts(const struct kinetd_served *served,
			     const struct kinetd_served *except)
{
	const struct kinetd_served *other;

	lockdep_assert_held(&kinetd_mutex);
	list_for_each_entry(other, &served_list, entry)
		if (other != except && other->net == served->net && other->port == served->port &&
		    addresses_overlap(&other->addr, &served->addr))
			return true;
	return false;
}

static bool address_is_loopback(const struct kinetd_address *addr)
{
	return addr->family == AF_INET ? ipv4_is_loopback(addr->v4.s_addr) :
					 ipv6_addr_loopback(&addr->v6);
}

static bool address_is_local4(struct net *net, __be32 addr)
{
	struct flowi4 fl4 = { .daddr = addr };
	struct rtable *rt = ip_route_output_key(net, &fl4);
	bool local;

	if (IS_ERR(rt))
		return false;
	local = rt->rt_type == RTN_LOCAL;
	ip_rt_put(rt);
	return local;
}

#if IS_ENABLED(CONFIG_IPV6)
static bool address_is_local6(struct net *net, const struct in6_addr *addr)
{
	struct flowi6 fl6 = { .daddr = *addr };
	struct dst_entry *dst = ipv6_stub->ipv6_dst_lookup_flow(net, NULL, &fl6, NULL);
	bool local;

	if (IS_ERR(dst))
		return false;
	local = container_of(dst, struct rt6_info, dst)->rt6i_flags & RTF_LOCAL;
	dst_release(dst);
	return local;
}
#else
static bool address_is_local6(struct net *net, const struct in6_addr *addr)
{
	return false;
}
#endif

/* By its route: an address may be local that no interface has. */
static bool address_is_local(struct net *net, const struct kinetd_address *addr)
{
	return addr->family == AF_INET ? address_is_local4(net, addr->v4.s_addr) :
					 address_is_local6(net, &addr->v6);
}

/* Does the service answer at @addr, as @net sees it? */
static bool served_answers_at(const struct kinetd_served *served, struct net *net,
			      const struct kinetd_address *addr)
{
	if (address_is_loopback(addr) && served->net != net)
		return false;
	if (!address_is_any(&served->addr))
		return kinetd_address_equal(&served->addr, addr);
	/* :: is there for both */
	return (served->addr.family == AF_INET6 || addr->family == AF_INET) &&
	       address_is_local(served->net, addr);
}

/* kinetd_served_at(), of a port in kinetd_served_ports */
bool kinetd_served_look_up(struct net *net, const struct kinetd_address *addr, u16 port)
{
	const struct kinetd_served *served;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(served, &served_list, entry) {
		if (served->port == port && served_answers_at(served, net, addr)) {
			found = true;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}
