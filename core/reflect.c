// SPDX-License-Identifier: GPL-2.0
/*
 * Reflecting: sending back what waits in the receive queue.
 *
 * Large pieces go back as they are, by reference to their pages; small ones
 * are copied, which is cheaper and does not pin a page for a few bytes.
 *
 * In a worker tcp_sendmsg_locked() may process the socket's backlog once it has
 * made 16 new packets, and that may collapse the receive queue under our feet.  So
 * what is sent from is held: pages by a reference, and of memory that cannot
 * be held no more is sent in one call than 15 packets take, however small a
 * peer makes them by its segment size, its window and its SACKs.
 */
#include <linux/bvec.h>
#include <linux/skbuff.h>
#include <net/tcp.h>

#include <kinetd/protocol.h>

#include "compat.h"
#include "connection.h"
#include "worker.h"

#define REFLECT_PIECES		(2 * MAX_SKB_FRAGS)	/* gathered for one call */
#define REFLECT_UNHELD		512	/* bytes, where a segment has TCP_MSS_DEFAULT or more */
#define REFLECT_UNHELD_TINY	(15 * 8) /* else: TCP has room for 8 bytes in any packet */
#define REFLECT_SPLICE_MIN	1024	/* mean bytes of a piece from which copying is dearer */

/* bytes from which a page pinned costs a dialogue more, where one packet brings them */
#define REFLECT_COPY_MIN	8192
#define REFLECT_FRAG_SIZE	32768	/* of a thread's or CPU's page_frag, where memory allows */

/* What one call sends */
struct reflection {
	struct bio_vec	piece[REFLECT_PIECES];
	unsigned int	nr;
	size_t		len;	/* bytes in @piece */
	size_t		max;	/* bytes wanted */
	size_t		unheld;	/* bytes that may be sent without being held */
	bool		held;	/* every piece is a page that may be held and spliced */
};

static size_t reflect_unheld(const struct sock *sk)
{
	return tcp_sk(sk)->mss_cache >= TCP_MSS_DEFAULT ? REFLECT_UNHELD : REFLECT_UNHELD_TINY;
}

static bool reflection_full(const struct reflection *r)
{
	return r->nr == REFLECT_PIECES || r->len >= r->max;
}

/* Return: false where this piece has to wait for the next call */
static bool reflection_add(struct reflection *r, struct page *page, unsigned int offset,
			   size_t len, bool holdable)
{
	len = min(len, r->max - r->len);
	if (!holdable) {
		/* one unheld piece makes them all copied, and few */
		if (r->len >= r->unheld)
			return false;
		r->max = min(r->max, r->unheld);
		len = min(len, r->max - r->len);
		r->held = false;
	}
	bvec_set_page(&r->piece[r->nr++], page, len, offset);
	r->len += len;
	return !reflection_full(r);
}

static bool reflection_add_head(struct reflection *r, const struct sk_buff *skb, size_t offset)
{
	void *data = skb->data + offset;
	struct page *page = virt_to_page(data);

	return reflection_add(r, page, offset_in_page(data), skb_headlen(skb) - offset,
			      skb->head_frag && sendpage_ok(page));
}

/* Gather @skb from @offset on, without the packets that hang off it. */
static bool reflection_add_own(struct reflection *r, const struct sk_buff *skb, size_t offset)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int i;

	if (offset < skb_headlen(skb)) {
		if (!reflection_add_head(r, skb, offset))
			return false;
		offset = 0;
	} else {
		offset -= skb_headlen(skb);
	}
	for (i = 0; i < info->nr_frags; i++) {
		const skb_frag_t *frag = &info->frags[i];
		size_t size = skb_frag_size(frag);

		if (offset >= size) {
			offset -= size;
			continue;
		}
		if (!reflection_add(r, skb_frag_page(frag), skb_frag_off(frag) + offset,
				    size - offset, sendpage_ok(skb_frag_page(frag))))
			return false;
		offset = 0;
	}
	return true;
}

static bool reflection_add_skb(struct reflection *r, const struct sk_buff *skb, size_t offset)
{
	size_t own = skb_pagelen(skb);
	struct sk_buff *part;

	if (offset < own) {
		if (!reflection_add_own(r, skb, offset))
			return false;
		offset = 0;
	} else {
		offset -= own;
	}
	skb_walk_frags(skb, part) {
		if (offset >= part->len) {
			offset -= part->len;
			continue;
		}
		if (!reflection_add_skb(r, part, offset))
			return false;
		offset = 0;
	}
	return true;
}

/* Gather from the receive queue until @r is full. */
static void reflection_gather(struct reflection *r, struct sock *sk)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		/* a packet may begin with bytes that the one before had already */
		u32 offset = tcp_sk(sk)->copied_seq + r->len - TCP_SKB_CB(skb)->seq;

		if (unlikely(TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN))
			offset--;
		if (unlikely(!kinetd_compat_skb_readable(skb)))
			return;
		if (offset < skb->len && !reflection_add_skb(r, skb, offset))
			return;
	}
}

static ssize_t reflection_copy(struct reflection *r, struct sock *sk, int flags)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL | flags };

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, r->piece, r->nr, r->len);
	return tcp_sendmsg_locked(sk, &msg, r->len);
}

/*
 * Is there room for a copy in memory that needs not be allocated and cleared?
 * Then copying is cheaper up to many KiB: a splice also pins the pages of a
 * local sender, who has to allocate others for its next message.
 */
static bool reflection_copy_is_cheap(const struct reflection *r, struct sock *sk)
{
	const struct page_frag *frag = sk_page_frag(sk);

	if (!frag->page)
		return r->len <= REFLECT_FRAG_SIZE;
	return r->len <= frag->size &&
	       (frag->offset + r->len <= frag->size || page_ref_count(frag->page) == 1);
}

static ssize_t reflection_send(struct reflection *r, struct sock *sk, int flags, bool dialogue)
{
	bool splice = r->held && r->len >= (size_t)r->nr * REFLECT_SPLICE_MIN &&
		      !(dialogue && r->len >= REFLECT_COPY_MIN &&
			r->len <= tcp_sk(sk)->mss_cache && reflection_copy_is_cheap(r, sk));
	unsigned int i;
	ssize_t sent;

	if (r->len <= r->unheld)
		return reflection_copy(r, sk, flags);

	for (i = 0; i < r->nr; i++)
		get_page(r->piece[i].bv_page);
	sent = splice ? kinetd_compat_splice(sk, r->piece, r->nr, r->len, flags) :
			reflection_copy(r, sk, flags);
	/* the send may advance the vector's entries, but not their pages */
	for (i = 0; i < r->nr; i++)
		put_page(r->piece[i].bv_page);
	return sent;
}

/*
 * With one peer on this machine, who waits for each answer?  In a softirq nobody
 * watches that; with many peers whose answers are on their way there is no room left
 * for a copy, either.
 */
static bool connection_in_dialogue(const struct kinetd_connection *conn)
{
	return test_bit(KINETD_EP_LOCAL, &conn->ep.flags) &&
	       (conn->in_softirq || !conn->ep.worker->patient);
}

/* @sent, as TCP says, of @len, which are counted already.  @more: TCP was told of more. */
static ssize_t connection_reflected(struct kinetd_connection *conn, size_t len, ssize_t sent,
				    int more)
{
	size_t done = max_t(ssize_t, sent, 0);

	conn->bytes_sent += done;
	if (likely(done == len)) {
		conn->corked = more;
		return done;
	}
	kinetd_service_count(conn->svc, KINETD_BYTES_SENT, (u64)done - len);
	if (sent < 0 && sent != -EAGAIN)
		return sent;
	if (done)
		conn->corked = false;
	kinetd_connection_block(conn);
	return done;
}

/*
 * The usual dialogue: the next @len bytes are few, and lie in one piece.
 *
 * Return: where, or NULL where they do not.
 */
static const void *connection_at_hand(const struct kinetd_connection *conn, size_t len)
{
	struct sock *sk = conn->sock->sk;
	const struct sk_buff *skb = skb_peek(&sk->sk_receive_queue);
	const skb_frag_t *frag;
	u32 offset;

	if (!skb || len > reflect_unheld(sk) || TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN ||
	    !kinetd_compat_skb_readable(skb))
		return NULL;
	frag = skb_shinfo(skb)->frags;
	offset = tcp_sk(sk)->copied_seq - TCP_SKB_CB(skb)->seq;
	if (offset + len <= skb_headlen(skb))
		return skb->data + offset;
	if (IS_ENABLED(CONFIG_HIGHMEM) || skb_headlen(skb) || !skb_shinfo(skb)->nr_frags ||
	    offset + len > skb_frag_size(frag))
		return NULL;
	return skb_frag_address(frag) + offset;
}

static ssize_t connection_reflect_piece(struct kinetd_connection *conn, const void *data,
					size_t len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };

	/* counted first: who has the answer finds it counted */
	kinetd_service_count(conn->svc, KINETD_BYTES_SENT, len);
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, len);
	return connection_reflected(conn, len, tcp_sendmsg_locked(conn->sock->sk, &msg, len), 0);
}

static ssize_t connection_reflect_pieces(struct kinetd_connection *conn, size_t len)
{
	struct sock *sk = conn->sock->sk;
	struct reflection r;
	ssize_t sent;
	int more;

	/* without clearing all the pieces */
	r.nr = 0;
	r.len = 0;
	r.max = len;
	r.unheld = reflect_unheld(sk);
	r.held = true;
	reflection_gather(&r, sk);
	/* only device memory that nobody can read leads to nothing */
	if (unlikely(!r.len))
		return -EIO;
	more = r.len < len ? MSG_MORE : 0;
	kinetd_service_count(conn->svc, KINETD_BYTES_SENT, r.len);
	sent = reflection_send(&r, sk, more, connection_in_dialogue(conn));
	return connection_reflected(conn, r.len, sent, more);
}

/* From the receive queue */
static ssize_t connection_reflect_queued(struct kinetd_connection *conn, size_t len)
{
	const void *data = connection_at_hand(conn, len);

	return data ? connection_reflect_piece(conn, data, len) :
		      connection_reflect_pieces(conn, len);
}

/* What was taken out of the receive queue, for a handler that waited before it reflects. */
static ssize_t connection_reflect_held(struct kinetd_connection *conn, size_t len)
{
	ssize_t held = min_t(size_t, len, kinetd_connection_held(conn));
	ssize_t sent, queued;

	sent = connection_reflect_piece(conn, conn->held + conn->held_done, held);
	if (sent < held || held == len)
		return sent;
	queued = connection_reflect_queued(conn, len - held);
	return queued < 0 ? queued : held + queued;
}

/**
 * kinetd_connection_reflect() - send back what waits to be read
 * @conn: connection
 * @len: bytes, from the first that is not read yet
 *
 * Nothing is copied where that pays.  Usable as &kinetd_protocol.receive.
 *
 * Context: as &kinetd_protocol.receive.
 * Return: how many bytes were queued for sending, which are to be returned as
 * done with; less than @len where the send queue is full, so that a handler of units
 * larger than a byte asks kinetd_connection_sent() how far it is.  A negative errno
 * where the connection is broken.
 */
ssize_t kinetd_connection_reflect(struct kinetd_connection *conn, size_t len)
{
	/* what is kept goes first */
	if (unlikely(conn->blocked))
		return 0;
	if (unlikely(conn->held))
		return connection_reflect_held(conn, len);
	return connection_reflect_queued(conn, len);
}
EXPORT_SYMBOL_GPL(kinetd_connection_reflect);
