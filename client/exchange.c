// SPDX-License-Identifier: GPL-2.0
/*
 * Exchanges: a message goes out, its answer comes back and is compared.
 *
 * A stream is read while the message is still being sent, since a peer that
 * echoes takes no more than it gets rid of.  A datagram that is the answer to an
 * earlier message, already given up, is told by its number and not taken for this
 * one's.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/net.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "exchange.h"
#include "payload.h"

#define EXCHANGE_STEPS	64			/* before looking at the time */
#define EXCHANGE_STARVE	(20 * NSEC_PER_MSEC)	/* before trying again to send without a sign */

/**
 * kinetd_exchange_prepare() - make a message
 * @ex: exchange
 * @number: the message's
 */
void kinetd_exchange_prepare(struct kinetd_exchange *ex, u64 number)
{
	ex->number = number;
	ex->sent = 0;
	ex->received = 0;
	ex->differs = false;
	kinetd_payload_fill(ex->message, ex->size, number);
}

/* Return: false where the transport takes nothing, now or ever */
static bool exchange_send(struct kinetd_exchange *ex, ssize_t *n)
{
	*n = kinetd_channel_send(ex->chan, ex->message + ex->sent, ex->size - ex->sent);
	if (*n <= 0)
		return false;
	if (!ex->sent)
		kinetd_client_stats_count(ex->stats, KINETD_CLIENT_SENT);
	ex->sent += *n;
	return true;
}

static enum kinetd_verdict exchange_judge(const struct kinetd_exchange *ex)
{
	if (ex->received < ex->size)
		return KINETD_PENDING;
	return ex->differs ? KINETD_MISMATCHED : KINETD_RECEIVED;
}

/* Return: true where something moved */
static bool stream_step(struct kinetd_exchange *ex, enum kinetd_verdict *verdict)
{
	size_t want = min_t(size_t, ex->size - ex->received, KINETD_EXCHANGE_ROOM);
	bool moved = false;
	ssize_t n;

	if (ex->sent < ex->size) {
		moved = exchange_send(ex, &n);
		if (n < 0 && n != -EAGAIN) {
			*verdict = KINETD_BROKEN;
			return false;
		}
		/* nobody answers what was not sent */
		if (!ex->sent)
			return false;
	}
	n = kinetd_channel_receive(ex->chan, ex->room, want);
	if (n == -EAGAIN)
		return moved;
	if (n <= 0) {
		*verdict = KINETD_BROKEN;
		return false;
	}
	ex->ended = ktime_get_ns();
	if (memcmp(ex->room, ex->message + ex->received, n))
		ex->differs = true;
	ex->received += n;
	*verdict = exchange_judge(ex);
	return true;
}

/* Is a datagram the answer to a message before this one? */
static bool datagram_is_old(const struct kinetd_exchange *ex, size_t len)
{
	return len == ex->size &&
	       kinetd_payload_number(ex->room) - ex->first < ex->number - ex->first;
}

/* Return: true where something moved */
static bool datagram_step(struct kinetd_exchange *ex, enum kinetd_verdict *verdict)
{
	ssize_t n;

	if (!ex->sent && !exchange_send(ex, &n)) {
		*verdict = KINETD_BROKEN;
		return false;
	}
	n = kinetd_channel_receive(ex->chan, ex->room, ex->size);
	if (n == -EAGAIN)
		return false;
	if (n < 0) {
		*verdict = KINETD_BROKEN;
		return false;
	}
	ex->ended = ktime_get_ns();
	if (datagram_is_old(ex, n))
		return true;
	ex->received = ex->size;
	ex->differs = n != ex->size || memcmp(ex->room, ex->message, n);
	*verdict = exchange_judge(ex);
	return true;
}

/* Do what can be done without waiting, and not too much of it. */
static enum kinetd_verdict exchange_step(struct kinetd_exchange *ex, bool *moved)
{
	bool stream = ex->chan->sock->type == SOCK_STREAM;
	enum kinetd_verdict verdict = KINETD_PENDING;
	unsigned int steps = EXCHANGE_STEPS;

	do {
		*moved = stream ? stream_step(ex, &verdict) : datagram_step(ex, &verdict);
	} while (*moved && verdict == KINETD_PENDING && --steps);
	return verdict;
}

/* When to look again where nothing happens before; 0: only give way, and hear of a stop */
static u64 exchange_next_look(const struct kinetd_exchange *ex, bool moved, u64 deadline)
{
	if (moved)
		return 0;
	/* TCP that found no memory may never say that there is some again */
	if (ex->sent < ex->size)
		return min(deadline, ktime_get_ns() + EXCHANGE_STARVE);
	return deadline;
}

/**
 * kinetd_exchange_run() - send the message and wait for its answer
 * @ex: prepared exchange, its channel open
 * @timeout: how long it may take, in nanoseconds
 *
 * Context: the channel's thread.
 * Return: any verdict but KINETD_PENDING.
 */
enum kinetd_verdict kinetd_exchange_run(struct kinetd_exchange *ex, u64 timeout)
{
	enum kinetd_verdict verdict;
	u64 deadline;
	bool moved;

	ex->begun = ktime_get_ns();
	deadline = ex->begun + timeout;
	for (;;) {
		kinetd_channel_look(ex->chan);
		verdict = exchange_step(ex, &moved);
		if (verdict)
			return verdict;
		if (ktime_get_ns() >= deadline)
			return KINETD_LATE;
		if (!kinetd_channel_wait(ex->chan, exchange_next_look(ex, moved, deadline)))
			return KINETD_STOPPED;
	}
}
