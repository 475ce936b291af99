// SPDX-License-Identifier: GPL-2.0
/*
 * What messages are made of: their number, then bytes that look random and are
 * different in each message, so that nothing that is left over from one passes
 * for another.
 */
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "payload.h"

/* Knuth's */
#define PAYLOAD_MULTIPLIER	6364136223846793005ULL
#define PAYLOAD_INCREMENT	1442695040888963407ULL

/**
 * kinetd_payload_fill() - write a message
 * @buf: where to
 * @len: how long it is; where the number does not fit, it bears the low part of it
 * @number: the message's
 */
void kinetd_payload_fill(u8 *buf, size_t len, u64 number)
{
	__be64 head = cpu_to_be64(number);
	size_t rest = min(len, sizeof(head));
	u64 word = number;

	memcpy(buf, (u8 *)&head + sizeof(head) - rest, rest);
	for (buf += rest, len -= rest; len; buf += rest, len -= rest) {
		word = word * PAYLOAD_MULTIPLIER + PAYLOAD_INCREMENT;
		rest = min(len, sizeof(word));
		memcpy(buf, &word, rest);
	}
}

/**
 * kinetd_payload_number() - read a message's number
 * @buf: message of at least KINETD_PAYLOAD_NUMBER bytes
 *
 * Return: the number.
 */
u64 kinetd_payload_number(const u8 *buf)
{
	__be64 head;

	memcpy(&head, buf, sizeof(head));
	return be64_to_cpu(head);
}
