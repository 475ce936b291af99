// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: sockets that a thread waits for in its own way.
 *
 * Nothing in here blocks in a socket call.  The callbacks note that something
 * has happened and wake the thread, which then looks at everything that might
 * have; so it can be told to stop at any moment, whatever the peer does.
 *
 * The callbacks look at sk_user_data under sk_callback_lock, and detaching takes
 * that for writing: a callback that began before sees the channel while it is there,
 * one that begins later finds nothing.  TCP calls with the socket locked, and so does
 * who ends a socket from outside (ss -K), hence the detaching also locks it: a
 * process that calls is out of our code by then.  UDP's data and ICMP errors come
 * from softirqs that hold no lock; the grace period at the end of the module is for
 * the last of them.  UDP's write_space is called from anywhere, when a packet is
 * freed, and is left alone.
 */
#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/in.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "channel.h"
#include <kinetd/address.h>
#include <kinetd/socket.h>

#define CHANNEL_EVENT	0

static void channel_event(struct sock *sk)
{
	struct kinetd_channel *chan;

	read_lock_bh(&sk->sk_callback_lock);
	chan = sk->sk_user_data;
	/* who finds it set is woken already, or has not looked yet */
	if (chan && !test_and_set_bit(CHANNEL_EVENT, &chan->flags))
		wake_up_process(chan->task);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void channel_write_space(struct sock *sk)
{
	if (!sk_stream_is_writeable(sk))
		return;
	if (sk->sk_socket)
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	channel_event(sk);
}

static void channel_attach(struct kinetd_channel *chan)
{
	struct sock *sk = chan->sock->sk;

	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	chan->data_ready = sk->sk_data_ready;
	chan->state_change = sk->sk_state_change;
	chan->error_report = sk->sk_error_report;
	chan->write_space = sk->sk_write_space;
	rcu_assign_sk_user_data(sk, chan);
	sk->sk_data_ready = channel_event;
	sk->sk_state_change = channel_event;
	sk->sk_error_report = channel_event;
	if (sk->sk_type == SOCK_STREAM)
		sk->sk_write_space = channel_write_space;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
}

static void channel_detach(struct kinetd_channel *chan)
{
	struct sock *sk = chan->sock->sk;

	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = chan->data_ready;
	sk->sk_state_change = chan->state_change;
	sk->sk_error_report = chan->error_report;
	sk->sk_write_space = chan->write_space;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
}

/**
 * kinetd_channel_look() - begin to look at what has happened
 * @chan: channel
 *
 * What happens from here on ends the next kinetd_channel_wait().
 */
void kinetd_channel_look(struct kinetd_channel *chan)
{
	clear_bit(CHANNEL_EVENT, &chan->flags);
	/* pairs with test_and_set_bit() in channel_event() */
	smp_mb__after_atomic();
}

/**
 * kinetd_channel_wait() - wait until something happens
 * @chan: channel, open or not
 * @until: no longer than that, by ktime_get_ns()
 *
 * Context: the channel's thread.
 * Return: false where the thread is to stop.
 */
bool kinetd_channel_wait(struct kinetd_channel *chan, u64 until)
{
	ktime_t end = ns_to_ktime(until);

	set_current_state(TASK_IDLE | TASK_FREEZABLE);
	if (!test_bit(CHANNEL_EVENT, &chan->flags) && !kthread_should_stop())
		schedule_hrtimeout(&end, HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	try_to_freeze();
	/* nor may it ever have slept: see worker_run_batch() in the core */
	cond_resched_tasks_rcu_qs();
	return !kthread_should_stop();
}

/**
 * kinetd_channel_sleep() - wait whatever happens
 * @chan: channel, open or not
 * @until: as long as that, by ktime_get_ns()
 *
 * Context: the channel's thread.
 * Return: false where the thread is to stop.
 */
bool kinetd_channel_sleep(struct kinetd_channel *chan, u64 until)
{
	while (ktime_get_ns() < until) {
		kinetd_channel_look(chan);
		if (!kinetd_channel_wait(chan, until))
			return false;
	}
	/* where each answer is there at once nothing else waits */
	try_to_freeze();
	cond_resched_tasks_rcu_qs();
	return !kthread_should_stop();
}

/* Return: 0 while nothing is decided, 1 when it is connected, or what it failed with */
static int channel_connected(const struct kinetd_channel *chan)
{
	struct sock *sk = chan->sock->sk;

	switch (inet_sk_state_load(sk)) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return 0;
	case TCP_CLOSE:
		return sock_error(sk) ?: -ECONNABORTED;
	default:
		return 1;
	}
}

static int channel_wait_connected(struct kinetd_channel *chan, u64 deadline)
{
	int connected;

	for (;;) {
		kinetd_channel_look(chan);
		connected = channel_connected(chan);
		if (connected)
			return min(connected, 0);
		if (ktime_get_ns() >= deadline)
			return -ETIMEDOUT;
		if (!kinetd_channel_wait(chan, deadline))
			return -EINTR;
	}
}

/*
 * Where nobody listens at a port of this host, a socket that happens to be given
 * that very port connects to itself, and would find an echo service there.
 */
static bool channel_is_to_itself(const struct kinetd_channel *chan)
{
	struct sockaddr_storage local = { }, peer = { };
	int len;

	len = kernel_getsockname(chan->sock, (void *)&local);
	return len > 0 && kernel_getpeername(chan->sock, (void *)&peer) == len &&
	       !memcmp(&local, &peer, len);
}

static int channel_connect(struct kinetd_channel *chan, const struct kinetd_address *addr,
			   u16 port, u64 deadline)
{
	struct sockaddr_storage peer;
	int len, err;

	if (chan->sock->type == SOCK_STREAM)
		tcp_sock_set_nodelay(chan->sock->sk);
	len = kinetd_address_to_sockaddr(addr, port, &peer);
	err = kernel_connect(chan->sock, (void *)&peer, len, O_NONBLOCK);
	if (err == -EINPROGRESS)
		err = channel_wait_connected(chan, deadline);
	if (!err && channel_is_to_itself(chan))
		err = -ECONNREFUSED;
	return err;
}

/**
 * kinetd_channel_open() - connect
 * @chan: closed channel of this thread
 * @net: namespace; without a reference, so the caller ends with it
 * @type: SOCK_STREAM for TCP or SOCK_DGRAM for UDP
 * @addr: whom to
 * @port: host byte order
 * @deadline: when it must be done, by ktime_get_ns()
 *
 * Context: the channel's thread.
 * Return: 0, or a negative errno and the channel closed: -ETIMEDOUT, -EINTR
 * where the thread is to stop, or what connecting says.
 */
int kinetd_channel_open(struct kinetd_channel *chan, struct net *net, int type,
			const struct kinetd_address *addr, u16 port, u64 deadline)
{
	int err;

	err = sock_create_kern(net, addr->family, type,
			       type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP, &chan->sock);
	if (err) {
		chan->sock = NULL;
		return err;
	}
	channel_attach(chan);
	err = channel_connect(chan, addr, port, deadline);
	if (err)
		kinetd_channel_close(chan, true);
	return err;
}

/**
 * kinetd_channel_close() - close
 * @chan: channel, open or not
 * @abort: by reset, where it is TCP
 *
 * Waits for nobody.
 */
void kinetd_channel_close(struct kinetd_channel *chan, bool abort)
{
	struct socket *sock = chan->sock;

	if (!sock)
		return;
	channel_detach(chan);
	chan->sock = NULL;
	if (sock->type == SOCK_STREAM && !abort)
		kinetd_socket_linger(sock);
	else if (sock->type == SOCK_STREAM)
		sock_no_linger(sock->sk);
	sock_release(sock);
}

/**
 * kinetd_channel_usable() - can a message be sent whose answer would come next?
 * @chan: channel, open or not, with no answer outstanding
 *
 * Not where the peer has ended the connection, nor where it has sent what nobody
 * had asked for: then nothing that comes after is in step.
 *
 * Return: whether it can.
 */
bool kinetd_channel_usable(const struct kinetd_channel *chan)
{
	const struct sock *sk;

	if (!chan->sock)
		return false;
	sk = chan->sock->sk;
	if (sk->sk_type == SOCK_DGRAM)
		return true;
	return inet_sk_state_load(sk) == TCP_ESTABLISHED &&
	       skb_queue_empty_lockless(&sk->sk_receive_queue);
}

/**
 * kinetd_channel_send() - send what can be sent now
 * @chan: open channel
 * @data: what
 * @len: bytes
 *
 * Return: bytes taken, -EAGAIN, or another negative errno.
 */
ssize_t kinetd_channel_send(struct kinetd_channel *chan, const void *data, size_t len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };

	return kernel_sendmsg(chan->sock, &msg, &vec, 1, len);
}

/**
 * kinetd_channel_receive() - receive what is there
 * @chan: open channel
 * @buf: where to
 * @size: bytes that fit
 *
 * Return: bytes received, of a datagram its length even where it did not fit, 0 at
 * the end of a stream, -EAGAIN, or another negative errno.
 */
ssize_t kinetd_channel_receive(struct kinetd_channel *chan, void *buf, size_t size)
{
	int flags = chan->sock->type == SOCK_DGRAM ? MSG_DONTWAIT | MSG_TRUNC : MSG_DONTWAIT;
	struct kvec vec = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = { };

	return kernel_recvmsg(chan->sock, &msg, &vec, 1, size, flags);
}
