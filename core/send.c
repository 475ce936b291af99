// SPDX-License-Identifier: GPL-2.0
/*
 * What a handler of a connection may do, but for reflecting: look at what has
 * arrived, send memory or pages, finish.
 *
 * All of it runs with the socket locked, in the connection's worker or in a softirq,
 * and nothing waits: where the send queue is full the connection is blocked, and runs again
 * when TCP tells of room.
 */
#include <linux/bvec.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include <kinetd/protocol.h>

#include "compat.h"
#include "connection.h"

/**
 * kinetd_connection_block() - note that the send queue is full
 * @conn: connection
 *
 * Usually TCP tells of room; where nothing is queued whose acknowledgment could,
 * a timer does.
 *
 * Context: socket lock held.
 */
void kinetd_connection_block(struct kinetd_connection *conn)
{
	conn->blocked = true;
	set_bit(SOCK_NOSPACE, &conn->sock->flags);
	if (tcp_rtx_and_write_queues_empty(conn->sock->sk)) {
		conn->starved = true;
		/* have this very run set it */
		set_bit(KINETD_EP_TIMER, &conn->ep.flags);
	}
}

static ssize_t connection_send_some(struct kinetd_connection *conn, const void *data, size_t len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, len);
	return tcp_sendmsg_locked(conn->sock->sk, &msg, len);
}

/* Counted before: who has the bytes finds them counted.  @sent of @len were taken. */
static void connection_account(struct kinetd_connection *conn, size_t len, ssize_t sent)
{
	size_t done = max_t(ssize_t, sent, 0);

	conn->bytes_sent += done;
	if (done < len)
		kinetd_service_count(conn->svc, KINETD_BYTES_SENT, (u64)done - len);
}

/**
 * kinetd_connection_flush() - send what was kept
 * @conn: connection with a rest
 *
 * Context: socket lock held.
 * Return: 0 where nothing is left; else the connection is blocked, or broken.
 */
int kinetd_connection_flush(struct kinetd_connection *conn)
{
	size_t len = conn->rest_len - conn->rest_sent;
	ssize_t sent = connection_send_some(conn, conn->rest + conn->rest_sent, len);

	if (sent == len) {
		kfree(conn->rest);
		conn->rest = NULL;
		return 0;
	}
	if (sent < 0 && sent != -EAGAIN)
		return sent;
	conn->rest_sent += max_t(ssize_t, sent, 0);
	kinetd_connection_block(conn);
	return -EAGAIN;
}

/* @spare: where to, or NULL */
static int connection_keep_rest(struct kinetd_connection *conn, const void *data, size_t len,
				void *spare)
{
	conn->rest = spare ?: kmalloc(len, conn->sock->sk->sk_allocation);
	if (!conn->rest) {
		kinetd_service_count(conn->svc, KINETD_BYTES_SENT, -(u64)len);
		return -ENOMEM;
	}
	memcpy(conn->rest, data, len);
	conn->rest_len = len;
	conn->rest_sent = 0;
	kinetd_connection_block(conn);
	return 0;
}

/**
 * kinetd_connection_send() - send memory, all of it or nothing
 * @conn: connection
 * @data: what to send; the caller's again when this returns
 * @len: bytes; that many may have to be kept until there is room, so keep it small
 *
 * Context: as &kinetd_protocol.receive and &kinetd_protocol.transmit.
 * Return: 0; -EAGAIN where the send queue is full and nothing was taken: return
 * from the handler, which is called again when there is room; another negative
 * errno where the connection is broken, to be returned by the handler.
 */
int kinetd_connection_send(struct kinetd_connection *conn, const void *data, size_t len)
{
	void *spare = NULL;
	ssize_t sent;

	if (conn->blocked)
		return -EAGAIN;
	/*
	 * What TCP has no memory for in a softirq there may be no memory to keep, either,
	 * and half of it sent there would be no way on: so that comes first.
	 */
	if (conn->in_softirq)
		spare = kmalloc(len, conn->sock->sk->sk_allocation | __GFP_NOWARN);
	if (!sk_stream_is_writeable(conn->sock->sk) || (conn->in_softirq && !spare)) {
		kfree(spare);
		kinetd_connection_block(conn);
		return -EAGAIN;
	}
	kinetd_service_count(conn->svc, KINETD_BYTES_SENT, len);
	sent = connection_send_some(conn, data, len);
	if (sent > 0 && sent < (ssize_t)len) {
		conn->bytes_sent += len;
		return connection_keep_rest(conn, data + sent, len - sent, spare);
	}
	kfree(spare);
	if (sent == len) {
		conn->bytes_sent += len;
		return 0;
	}
	connection_account(conn, len, sent);
	if (sent && sent != -EAGAIN)
		return sent;
	kinetd_connection_block(conn);
	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(kinetd_connection_send);

/**
 * kinetd_connection_send_page() - send from a page without copying
 * @conn: connection
 * @page: the page, not of a slab; TCP takes a reference for as long as it needs it, and
 *	  what is in it must never change
 * @offset: first byte in @page
 * @len: bytes; may reach over more pages where @page is a compound page's
 *
 * Context: as &kinetd_protocol.receive and &kinetd_protocol.transmit.
 * Return: how many bytes were queued; less than @len, or 0, where the send queue
 * is full: return from the handler, which is called again when there is room.
 * A negative errno where the connection is broken, to be returned by the handler.
 */
ssize_t kinetd_connection_send_page(struct kinetd_connection *conn, struct page *page,
				    size_t offset, size_t len)
{
	struct bio_vec piece;
	ssize_t sent;

	if (conn->blocked)
		return 0;
	bvec_set_page(&piece, page, len, offset);
	kinetd_service_count(conn->svc, KINETD_BYTES_SENT, len);
	sent = kinetd_compat_splice(conn->sock->sk, &piece, 1, len, 0);
	connection_account(conn, len, sent);
	if (sent < 0 && sent != -EAGAIN)
		return sent;
	if (sent < (ssize_t)len)
		kinetd_connection_block(conn);
	return max_t(ssize_t, sent, 0);
}
EXPORT_SYMBOL_GPL(kinetd_connection_send_page);

/**
 * kinetd_connection_peek() - copy what waits to be read, without reading it
 * @conn: connection
 * @buf: result
 * @size: of @buf
 *
 * Context: as &kinetd_protocol.receive.
 * Return: how many bytes were copied, from the first that is not read yet; -EIO
 * where they are in memory that nobody can read.
 */
ssize_t kinetd_connection_peek(struct kinetd_connection *conn, void *buf, size_t size)
{
	size_t held = min_t(size_t, kinetd_connection_held(conn), size);
	struct sock *sk = conn->sock->sk;
	struct sk_buff *skb;
	size_t done = 0;

	memcpy(buf, conn->held + conn->held_done, held);
	buf += held;
	size -= held;
	if (!size)
		return held;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		u32 offset = tcp_sk(sk)->copied_seq + done - TCP_SKB_CB(skb)->seq;
		size_t len;

		if (unlikely(TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN))
			offset--;
		/* a packet may hold nothing that the one before did not */
		if (offset >= skb->len)
			continue;
		len = min_t(size_t, skb->len - offset, size - done);
		if (!kinetd_compat_skb_readable(skb) ||
		    skb_copy_bits(skb, offset, buf + done, len))
			return -EIO;
		done += len;
		if (done == size)
			break;
	}
	return held + done;
}
EXPORT_SYMBOL_GPL(kinetd_connection_peek);

/**
 * kinetd_connection_ended() - has the peer finished sending?
 * @conn: connection
 *
 * Context: as &kinetd_protocol.receive.
 * Return: true where nothing follows what waits to be read.
 */
bool kinetd_connection_ended(const struct kinetd_connection *conn)
{
	return conn->sock->sk->sk_shutdown & RCV_SHUTDOWN;
}
EXPORT_SYMBOL_GPL(kinetd_connection_ended);

/**
 * kinetd_connection_finish() - send what is queued, then FIN
 * @conn: connection
 *
 * No handler is called any more.  What the peer still sends is dropped.
 *
 * Context: as &kinetd_protocol.receive and &kinetd_protocol.transmit.
 */
void kinetd_connection_finish(struct kinetd_connection *conn)
{
	conn->finish = true;
}
EXPORT_SYMBOL_GPL(kinetd_connection_finish);

/**
 * kinetd_connection_sent() - how much was sent
 * @conn: connection
 *
 * Context: as &kinetd_protocol.receive and &kinetd_protocol.transmit.
 * Return: bytes that the helpers have taken since the connection was opened.
 */
u64 kinetd_connection_sent(const struct kinetd_connection *conn)
{
	return conn->bytes_sent;
}
EXPORT_SYMBOL_GPL(kinetd_connection_sent);
