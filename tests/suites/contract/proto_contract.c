// SPDX-License-Identifier: GPL-2.0
/*
 * Protocols for the tests, of use to nobody else: each relies on something that
 * the interface promises and that no protocol of the tree has a need for.
 */
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>

#include <kinetd/protocol.h>

#define BLOCK_LEN		(48 * SZ_1K)
#define PORTION_LEN		20000
#define GREETING_LEN		6

/* Sends back each block in portions, the first when all of it is there or the peer has finished. */
static ssize_t blocks_receive(struct kinetd_connection *conn, size_t len)
{
	u32 done;

	div_u64_rem(kinetd_connection_sent(conn), BLOCK_LEN, &done);
	if (!done && len < BLOCK_LEN && !kinetd_connection_ended(conn))
		return 0;
	return kinetd_connection_reflect(conn, min3(len, (size_t)BLOCK_LEN - done,
						    (size_t)PORTION_LEN));
}

static ssize_t order_answer(struct kinetd_connection *conn, char order)
{
	int err = kinetd_connection_send(conn, &order, sizeof(order));

	if (err == -EAGAIN)
		return 0;
	return err ?: (ssize_t)sizeof(order);
}

/* Does what each byte says, one a call. */
static ssize_t orders_receive(struct kinetd_connection *conn, size_t len)
{
	char order;
	ssize_t size = kinetd_connection_peek(conn, &order, sizeof(order));

	if (size < 0)
		return size;
	switch (order) {
	case 'a':	/* answer */
		return order_answer(conn, order);
	case 't':	/* take, and say nothing */
		return size;
	case 'w':	/* wait for more than ever comes */
		return 0;
	case 'f':	/* finish, with a word */
		order_answer(conn, order);
		kinetd_connection_finish(conn);
		return size;
	case 'n':	/* finish, and take nothing */
		kinetd_connection_finish(conn);
		return 0;
	default:
		return -EPROTO;
	}
}

/* Greets, and sends back what it is told from then on. */
static int greeter_transmit(struct kinetd_connection *conn)
{
	return kinetd_connection_send(conn, "hello\n", GREETING_LEN) == -EAGAIN;
}

/* Finishes before it has said anything. */
static int curt_transmit(struct kinetd_connection *conn)
{
	kinetd_connection_finish(conn);
	return 0;
}

/* Would go on for as long as the peer does, but has nothing to say. */
static int idler_transmit(struct kinetd_connection *conn)
{
	return !kinetd_connection_ended(conn);
}

static int broken_transmit(struct kinetd_connection *conn)
{
	return -EIO;
}

static int refusal;
module_param(refusal, int, 0644);
MODULE_PARM_DESC(refusal, "errno that the state of a new service of the last protocol begins with");

struct refuser_state {
	u64	nothing;
};

static int refuser_state_init(void *state)
{
	return -READ_ONCE(refusal);
}

/* Waits until each thread that was running has been where no tracer's code is. */
static int grace_period_set(const char *val, const struct kernel_param *kp)
{
	synchronize_rcu_tasks();
	return 0;
}

static const struct kernel_param_ops grace_period_ops = {
	.set	= grace_period_set,
};
module_param_cb(grace_period, &grace_period_ops, NULL, 0200);
MODULE_PARM_DESC(grace_period, "write anything: a grace period of RCU-Tasks");

static const struct kinetd_protocol contract[] = {
	{
		.name		= "tcp_blocks",
		.transport	= KINETD_TCP,
		.default_port	= 1031,
		.receive	= blocks_receive,
	},
	{
		.name		= "tcp_orders",
		.transport	= KINETD_TCP,
		.default_port	= 1031,
		.receive	= orders_receive,
	},
	{
		.name		= "tcp_greeter",
		.transport	= KINETD_TCP,
		.default_port	= 1031,
		.receive	= kinetd_connection_reflect,
		.transmit	= greeter_transmit,
	},
	{
		.name		= "tcp_curt",
		.transport	= KINETD_TCP,
		.default_port	= 1031,
		.transmit	= curt_transmit,
	},
	{
		.name		= "tcp_idler",
		.transport	= KINETD_TCP,
		.default_port	= 1031,
		.receive	= kinetd_connection_reflect,
		.transmit	= idler_transmit,
	},
	{
		.name		= "tcp_broken",
		.transport	= KINETD_TCP,
		.default_port	= 1031,
		.transmit	= broken_transmit,
	},
	{
		.name		= "tcp_refuser",
		.transport	= KINETD_TCP,
		.default_port	= 1031,
		.receive	= kinetd_connection_reflect,
		.state_size	= sizeof(struct refuser_state),
		.state_init	= refuser_state_init,
	},
};
module_kinetd_protocols(contract);

MODULE_DESCRIPTION("kinetd: protocols that test the interface");
MODULE_LICENSE("GPL");
