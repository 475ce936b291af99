/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_ADDRESS_H
#define _KINETD_ADDRESS_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/socket.h>
#include <linux/types.h>

struct sock;

/**
 * struct kinetd_address - an IPv4 or IPv6 address without a port
 * @family: AF_INET or AF_INET6
 * @v4: network byte order
 * @v6: as it is
 */
struct kinetd_address {
	sa_family_t	family;
	union {
		struct in_addr	v4;
		struct in6_addr	v6;
	};
};

int kinetd_address_parse(struct kinetd_address *addr, const char *text);
int kinetd_address_print(const struct kinetd_address *addr, char *buf, size_t size);
bool kinetd_address_equal(const struct kinetd_address *a, const struct kinetd_address *b);
int kinetd_address_to_sockaddr(const struct kinetd_address *addr, u16 port,
			       struct sockaddr_storage *ss);
void kinetd_address_of_peer(const struct sock *sk, struct kinetd_address *addr);
void kinetd_address_of_local(const struct sock *sk, struct kinetd_address *addr);

#endif /* _KINETD_ADDRESS_H */
