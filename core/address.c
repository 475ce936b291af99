// SPDX-License-Identifier: GPL-2.0
/* Addresses: their text, and their place in sockets. */
#include <linux/export.h>
#include <linux/inet.h>
#include <linux/string.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include <kinetd/address.h>

static bool address_is_group(const struct kinetd_address *addr)
{
	if (addr->family == AF_INET6)
		return ipv6_addr_is_multicast(&addr->v6);
	return ipv4_is_multicast(addr->v4.s_addr) || ipv4_is_lbcast(addr->v4.s_addr);
}

/**
 * kinetd_address_parse() - read an IPv4 or IPv6 literal
 * @addr: result, unchanged on error
 * @text: the literal and nothing else
 *
 * An IPv4 address that is mapped into IPv6 is that IPv4 address.
 *
 * Return: 0, or -EINVAL where @text is no literal or is a group's address.
 */
int kinetd_address_parse(struct kinetd_address *addr, const char *text)
{
	struct kinetd_address new = { };
	const char *end;

	if (in4_pton(text, -1, (u8 *)&new.v4, -1, &end) && !*end)
		new.family = AF_INET;
	else if (in6_pton(text, -1, (u8 *)&new.v6, -1, &end) && !*end)
		new.family = AF_INET6;
	else
		return -EINVAL;

	if (new.family == AF_INET6 && ipv6_addr_v4mapped(&new.v6))
		new = (struct kinetd_address){ .family = AF_INET,
					       .v4.s_addr = new.v6.s6_addr32[3] };
	if (address_is_group(&new))
		return -EINVAL;
	*addr = new;
	return 0;
}
EXPORT_SYMBOL_GPL(kinetd_address_parse);

/**
 * kinetd_address_print() - write an address as a literal
 * @addr: address
 * @buf: result
 * @size: of @buf; INET6_ADDRSTRLEN suffices
 *
 * Return: length of the text.
 */
int kinetd_address_print(const struct kinetd_address *addr, char *buf, size_t size)
{
	if (addr->family == AF_INET)
		return scnprintf(buf, size, "%pI4", &addr->v4);
	return scnprintf(buf, size, "%pI6c", &addr->v6);
}
EXPORT_SYMBOL_GPL(kinetd_address_print);

bool kinetd_address_equal(const struct kinetd_address *a, const struct kinetd_address *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->v4.s_addr == b->v4.s_addr;
	return ipv6_addr_equal(&a->v6, &b->v6);
}
EXPORT_SYMBOL_GPL(kinetd_address_equal);

/**
 * kinetd_address_to_sockaddr() - make what bind() takes
 * @addr: address
 * @port: host byte order
 * @ss: result
 *
 * Return: length of what is in @ss.
 */
int kinetd_address_to_sockaddr(const struct kinetd_address *addr, u16 port,
			       struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = addr->family;
	if (addr->family == AF_INET) {
		sin->sin_addr = addr->v4;
		sin->sin_port = htons(port);
		return sizeof(*sin);
	}
	sin6->sin6_addr = addr->v6;
	sin6->sin6_port = htons(port);
	return sizeof(*sin6);
}
EXPORT_SYMBOL_GPL(kinetd_address_to_sockaddr);

/* IPv4 that came through a dual-stack socket is told as IPv4 */
static void address_set(struct kinetd_address *addr, const struct sock *sk, __be32 v4,
			const struct in6_addr *v6)
{
	memset(addr, 0, sizeof(*addr));
	if (sk->sk_family == AF_INET || ipv6_addr_v4mapped(v6)) {
		addr->family = AF_INET;
		addr->v4.s_addr = v4;
	} else {
		addr->family = AF_INET6;
		addr->v6 = *v6;
	}
}

#if IS_ENABLED(CONFIG_IPV6)
void kinetd_address_of_peer(const struct sock *sk, struct kinetd_address *addr)
{
	address_set(addr, sk, sk->sk_daddr, &sk->sk_v6_daddr);
}

void kinetd_address_of_local(const struct sock *sk, struct kinetd_address *addr)
{
	address_set(addr, sk, sk->sk_rcv_saddr, &sk->sk_v6_rcv_saddr);
}
#else
void kinetd_address_of_peer(const struct sock *sk, struct kinetd_address *addr)
{
	address_set(addr, sk, sk->sk_daddr, &in6addr_any);
}

void kinetd_address_of_local(const struct sock *sk, struct kinetd_address *addr)
{
	address_set(addr, sk, sk->sk_rcv_saddr, &in6addr_any);
}
#endif
