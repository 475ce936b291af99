/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between the kernels that kinetd is built for.
 *
 * Nothing here compares versions, since stable kernels take changes back:
 * core/Kbuild looks into the kernel's headers and defines KINETD_HAVE_*.
 * With the oldest kernel goes its branch, and in the end this file.
 */
#ifndef _KINETD_COMPAT_H
#define _KINETD_COMPAT_H

#include <linux/bvec.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <net/sock.h>
#include <net/tcp.h>
/* a header of its own since 6.6 */
#ifdef KINETD_HAVE_NET_GSO_H
#include <net/gso.h>
#endif

/* kernel_bind() takes a sockaddr of unspecified size since 6.19 */
#ifdef KINETD_HAVE_SOCKADDR_UNSIZED
#define kinetd_sockaddr sockaddr_unsized
#else
#define kinetd_sockaddr sockaddr
#endif

#ifndef KINETD_HAVE_SK_NET_REFCNT_UPGRADE
static inline void sk_net_refcnt_upgrade(struct sock *sk)
{
	struct net *net = sock_net(sk);

	sk->sk_net_refcnt = 1;
	get_net_track(net, &sk->ns_tracker, GFP_KERNEL);
	sock_inuse_add(net, 1);
}
#endif

#ifndef KINETD_HAVE_BVEC_SET_VIRT
static inline void bvec_set_virt(struct bio_vec *bv, void *vaddr, unsigned int len)
{
	bvec_set_page(bv, virt_to_page(vaddr), len, offset_in_page(vaddr));
}
#endif

/* Do the packet's pages have memory that a CPU can read? */
static inline bool kinetd_compat_skb_readable(const struct sk_buff *skb)
{
#ifdef KINETD_HAVE_SKB_FRAGS_READABLE
	return skb_frags_readable(skb);
#else
	return true;
#endif
}

/* datagrams that found the socket's receive queue full */
static inline u32 kinetd_compat_drops(const struct sock *sk)
{
#ifdef KINETD_HAVE_SK_DROPS_READ
	return sk_drops_read(sk);
#else
	return atomic_read(&sk->sk_drops);
#endif
}

/* Accept into @sock, without waiting.  Since 6.10 the arguments are in a struct. */
static inline int kinetd_compat_accept(struct socket *listener, struct socket *sock)
{
#ifdef KINETD_HAVE_PROTO_ACCEPT_ARG
	struct proto_accept_arg arg = { .flags = O_NONBLOCK, .kern = true };

	return listener->ops->accept(listener, sock, &arg);
#else
	return listener->ops->accept(listener, sock, O_NONBLOCK, true);
#endif
}

/**
 * kinetd_compat_splice() - queue pages for sending without copying them
 * @sk: connected TCP socket, locked by the caller
 * @bv: the pages; each may be given to MSG_SPLICE_PAGES, and must not change
 * @nr: how many
 * @size: bytes in @bv
 * @flags: MSG_MORE where more follows at once
 *
 * Return: bytes taken, or a negative errno when none was.
 */
static inline ssize_t kinetd_compat_splice(struct sock *sk, struct bio_vec *bv,
					   unsigned int nr, size_t size, int flags)
{
#ifdef KINETD_HAVE_SENDPAGE
	ssize_t sent = 0;
	unsigned int i;

	flags |= MSG_DONTWAIT | MSG_NOSIGNAL;
	/* there it would map the pages, which may sleep */
	if (!(sk->sk_route_caps & NETIF_F_SG)) {
		struct msghdr msg = { .msg_flags = flags };

		iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bv, nr, size);
		return tcp_sendmsg_locked(sk, &msg, size);
	}
	for (i = 0; i < nr; i++) {
		int more = i + 1 < nr ? MSG_MORE | MSG_SENDPAGE_NOTLAST : 0;
		int n = kernel_sendpage_locked(sk, bv[i].bv_page, bv[i].bv_offset,
					       bv[i].bv_len, flags | more);

		if (n < 0)
			return sent ?: n;
		sent += n;
		if (n < bv[i].bv_len)
			break;
	}
	return sent;
#else
	struct msghdr msg = {
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_SPLICE_PAGES | flags,
	};

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bv, nr, size);
	return tcp_sendmsg_locked(sk, &msg, size);
#endif
}

#endif /* _KINETD_COMPAT_H */
