// SPDX-License-Identifier: GPL-2.0
/*
 * Character generator (RFC 864), over TCP only: over UDP it is a weapon.
 *
 * The 95 printable characters in lines of 72, each beginning one character
 * further on, come back to where they began after 95 lines.  They are kept
 * twice in pages that are sent by reference, so that a whole ring follows any
 * place in the first; where a connection is in it, it knows by what it has sent.
 */
#include <linux/gfp.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <kinetd/protocol.h>

#define LINE_CHARS	72
#define LINE_SIZE	(LINE_CHARS + 2)
#define RING_CHARS	('~' - ' ' + 1)
#define RING_SIZE	(RING_CHARS * LINE_SIZE)
#define RING_ORDER	4	/* 64 KiB */
#define RINGS		((PAGE_SIZE << RING_ORDER) / RING_SIZE)

static struct page *ring;

static void ring_fill(char *to)
{
	unsigned int line, i;

	for (line = 0; line < RINGS * RING_CHARS; line++) {
		for (i = 0; i < LINE_CHARS; i++)
			*to++ = ' ' + (line + i) % RING_CHARS;
		*to++ = '\r';
		*to++ = '\n';
	}
}

static int chargen_transmit(struct kinetd_connection *conn)
{
	u32 offset;
	ssize_t sent;

	div_u64_rem(kinetd_connection_sent(conn), RING_SIZE, &offset);
	sent = kinetd_connection_send_page(conn, ring, offset, RINGS * RING_SIZE - offset);
	return sent < 0 ? sent : 1;
}

static const struct kinetd_protocol tcp_chargen = {
	.name		= "tcp_chargen",
	.transport	= KINETD_TCP,
	.default_port	= 19,
	.transmit	= chargen_transmit,
};

static struct kinetd_load_params chargen_params = {
	.port		= 19,
	.enabled	= true,
};

kinetd_load_parameters(chargen_params);

static int __init chargen_init(void)
{
	int err;

	ring = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, RING_ORDER);
	if (!ring)
		return -ENOMEM;
	ring_fill(page_address(ring));
	err = kinetd_protocols_register(&tcp_chargen, 1, &chargen_params);
	if (err)
		put_page(ring);
	return err;
}
module_init(chargen_init);

static void __exit chargen_exit(void)
{
	kinetd_protocols_unregister(&tcp_chargen, 1);
	/* what is on its way to a peer keeps them */
	put_page(ring);
}
module_exit(chargen_exit);

MODULE_DESCRIPTION("kinetd: character generator over TCP (RFC 864)");
MODULE_LICENSE("GPL");
