// SPDX-License-Identifier: GPL-2.0
/*
 * UDP sockets: what a datagram service receives from.
 *
 * A service has as many sockets as its pool has workers, bound to one address
 * as a group, each served by one worker; the kernel delivers to the one whose
 * worker is on the CPU that receives.  So workers share neither queues nor
 * locks.
 *
 * sk_data_ready of a UDP socket is called under RCU and no lock that we could
 * take.  It does nothing but kick.  To close a set, sk_user_data is cleared and
 * the sockets are taken out of the kernel's tables; after a grace period nothing
 * kicks and nothing arrives any more, and each worker serves what its socket
 * still holds, and releases it.  A set is replaced by opening the next one
 * first, so that no datagram finds nobody there.
 *
 * Where the service wants it, the softirq that receives serves (see udp_inline.c).
 *
 * The workers answer with BHs disabled, so that answers to this machine are
 * delivered when the batch is over and not one by one.
 */
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/udp.h>

#include <kinetd/sysfs.h>

#include "compat.h"
#include "datagram.h"
#include "flow.h"
#include "pool.h"
#include "served.h"
#include "service.h"
#include "trace.h"
#include "udp_inline.h"
#include "udp_socket.h"

#define UDP_BATCH	64		/* packets served in one run */
#define UDP_RCVBUF	(1024 * 1024)	/* bytes of memory that what waits may take */
#define UDP_SNDBUF	(4096 * 1024)	/* and what is on its way out */

/**
 * struct kinetd_udp_set - the sockets of a service at one address
 * @binding: what the service knows of it
 * @served: where it is, for the rules
 * @svc: the service
 * @cpu_routes: for its sockets, if they are or were served inline, or NULL
 * @nr: number of @socket
 * @socket: one for each worker
 */
struct kinetd_udp_set {
	struct kinetd_binding		binding;
	struct kinetd_served		served;
	struct kinetd_service		*svc;
	struct kinetd_routes		**cpu_routes;
	unsigned int			nr;
	struct kinetd_udp_socket	socket[];
};

/* in no use: see udp_keep_trains(); kinetd_mutex */
static struct socket *udp_kept[2];

static struct kinetd_udp_socket *to_udp_socket(struct kinetd_endpoint *ep)
{
	return container_of(ep, struct kinetd_udp_socket, ep);
}

static struct kinetd_udp_set *to_set(struct kinetd_binding *binding)
{
	return container_of(binding, struct kinetd_udp_set, binding);
}

static void udp_data_ready(struct sock *sk)
{
	struct kinetd_udp_socket *socket;

	rcu_read_lock();
	socket = rcu_dereference_sk_user_data(sk);
	if (socket)
		kinetd_endpoint_kick(&socket->ep);
	rcu_read_unlock();
}

/* Count and tell of datagrams that found the receive queue full. */
static void udp_note_overflow(struct kinetd_udp_socket *socket)
{
	struct kinetd_address unknown = { .family = AF_INET };
	struct kinetd_service *svc = socket->svc;
	u32 drops = kinetd_compat_drops(socket->sock->sk), more;

	if (likely(drops == socket->drops))
		return;
	spin_lock(&svc->udp_lock);
	more = drops - socket->drops;
	svc->overflows += more;
	socket->drops = drops;
	spin_unlock(&svc->udp_lock);
	trace_kinetd_datagram_drop(svc, &unknown, 0, KINETD_DROP_OVERFLOW, more);
}

/* Return: a packet that waits, or NULL */
static struct sk_buff *udp_receive(struct sock *sk)
{
	struct sk_buff *skb;
	int err, off = 0;

	do {
		skb = __skb_recv_udp(sk, MSG_DONTWAIT, &off, &err);
		/* any other error is told once, and is no reason to stop */
	} while (!skb && err != -EAGAIN);
	return skb;
}

/* Is the packet from another peer than the one before? */
static bool udp_peer_changed(struct kinetd_udp_socket *socket, const struct sk_buff *skb)
{
	u32 last = socket->last;

	socket->last = (__force u32)udp_hdr(skb)->source << 16 ^
		       (skb->protocol == htons(ETH_P_IP) ?
				(__force u32)ip_hdr(skb)->saddr :
				(__force u32)ipv6_hdr(skb)->saddr.s6_addr32[3]);
	return socket->last != last;
}

/* Serve at most @max packets.  Return: how many there were. */
static unsigned int udp_serve(struct kinetd_udp_socket *socket, unsigned int max)
{
	struct sock *sk = socket->sock->sk;
	bool local = true, others = false;
	struct sk_buff *skb;
	unsigned int n;

	local_bh_disable();
	rcu_read_lock();
	WRITE_ONCE(socket->serving, true);
	/* pairs with smp_rmb() in udp_may_serve() */
	smp_wmb();
	for (n = 0; n < max; n++) {
		skb = udp_receive(sk);
		if (!skb)
			break;
		others |= udp_peer_changed(socket, skb);
		local &= skb->skb_iif == LOOPBACK_IFINDEX;
		if (unlikely(READ_ONCE(socket->inline_wanted)))
			kinetd_udp_inline_note(socket, skb);
		kinetd_datagram_serve(socket, skb);
	}
	if (unlikely(READ_ONCE(socket->inline_wanted)) && n < max)
		kinetd_udp_inline_resume(socket);
	/* who finds it false finds what was answered before on its way */
	smp_store_release(&socket->serving, false);
	rcu_read_unlock();
	local_bh_enable();
	if (n)
		kinetd_worker_adapt(socket->ep.worker, others && local);
	return n;
}

static void udp_end(struct kinetd_udp_socket *socket)
{
	struct kinetd_service *svc = socket->svc;

	while (socket->serve_waiting && udp_serve(socket, UDP_BATCH) == UDP_BATCH)
		cond_resched();
	udp_note_overflow(socket);
	kinetd_endpoint_unlink(&socket->ep);

	spin_lock(&svc->udp_lock);
	list_del(&socket->entry);
	spin_unlock(&svc->udp_lock);
	sock_release(socket->sock);
	kinetd_endpoint_retire(&socket->ep);
}

static void udp_run(struct kinetd_endpoint *ep)
{
	struct kinetd_udp_socket *socket = to_udp_socket(ep);

	if (unlikely(test_bit_acquire(KINETD_EP_STOP, &ep->flags))) {
		udp_end(socket);
		return;
	}
	if (unlikely(READ_ONCE(socket->cpu_without_routes)))
		kinetd_udp_inline_add_routes(socket);
	if (udp_serve(socket, UDP_BATCH) == UDP_BATCH)
		kinetd_endpoint_kick(ep);
	udp_note_overflow(socket);
}

static void udp_free(struct kinetd_endpoint *ep)
{
	complete(&to_udp_socket(ep)->closed);
}

static const struct kinetd_endpoint_ops udp_endpoint_ops = {
	.run		= udp_run,
	.free		= udp_free,
	.many_peers	= true,
};

/**
 * kinetd_udp_overflows() - datagrams that found a receive queue full
 * @svc: a service
 *
 * Return: their number since the service was made, in sockets that are closed too.
 */
u64 kinetd_udp_overflows(struct kinetd_service *svc)
{
	struct kinetd_udp_socket *socket;
	u64 sum;

	spin_lock(&svc->udp_lock);
	sum = svc->overflows;
	list_for_each_entry(socket, &svc->udp_sockets, entry)
		sum += (u32)(kinetd_compat_drops(socket->sock->sk) - socket->drops);
	spin_unlock(&svc->udp_lock);
	return sum;
}

static void udp_prepare(struct sock *sk, void *arg)
{
	struct kinetd_udp_socket *socket = arg;

	write_lock_bh(&sk->sk_callback_lock);
	socket->data_ready = sk->sk_data_ready;
	rcu_assign_sk_user_data(sk, socket);
	write_unlock_bh(&sk->sk_callback_lock);

	lock_sock(sk);
	sk->sk_userlocks |= SOCK_RCVBUF_LOCK | SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_rcvbuf, UDP_RCVBUF);
	WRITE_ONCE(sk->sk_sndbuf, UDP_SNDBUF);
	release_sock(sk);
}

/* Datagrams of one size that came together are delivered as one packet. */
static int udp_take_trains(struct socket *sock, int on)
{
	return sock->ops->setsockopt(sock, SOL_UDP, UDP_GRO, KERNEL_SOCKPTR(&on), sizeof(on));
}

struct udp_keep {
	struct work_struct	work;
	int			family;
};

static void udp_keep_work(struct work_struct *work)
{
	struct udp_keep *keep = container_of(work, struct udp_keep, work);
	struct socket *sock;

	if (sock_create_kern(&init_net, keep->family, SOCK_DGRAM, IPPROTO_UDP, &sock))
		return;
	if (udp_take_trains(sock, true))
		sock_release(sock);
	else
		udp_kept[keep->family == AF_INET6] = sock;
}

/*
 * The first socket that takes trains, or is served inline, and the last one that goes,
 * have the kernel patch its own text, which interrupts all CPUs.  So that services can
 * come, go, move and change without that, one socket of each family is kept, made as those
 * that are bound are.  Nothing depends on it.
 */
static void udp_keep_trains(int family)
{
	struct udp_keep keep = { .family = family };

	lockdep_assert_held(&kinetd_mutex);
	if (udp_kept[family == AF_INET6])
		return;
	INIT_WORK_ONSTACK(&keep.work, udp_keep_work);
	kinetd_run_in_kworker(&keep.work);
}

/* Context: no service is there any more. */
void kinetd_udp_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(udp_kept); i++)
		if (udp_kept[i])
			sock_release(udp_kept[i]);
}

static int udp_complete(struct socket *sock, void *arg)
{
	const struct kinetd_udp_socket *socket = arg;
	const struct kinetd_service *svc = socket->svc;
	int err = svc->proto->trains ? udp_take_trains(sock, true) : 0;

	if (!err && svc->exec_inline)
		err = kinetd_udp_inline_prepare(sock);
	return err;
}

/* Have the kernel choose this one for what CPU @cpu receives. */
static int udp_steer(struct socket *sock, int cpu)
{
	return sock_setsockopt(sock, SOL_SOCKET, SO_INCOMING_CPU, KERNEL_SOCKPTR(&cpu),
			       sizeof(cpu));
}

static void udp_release(struct kinetd_udp_socket *socket)
{
	if (socket->sock)
		sock_release(socket->sock);
	kinetd_routes_free(socket->routes);
}

static int udp_open(struct kinetd_udp_set *set, unsigned int i, bool group, struct sock *beside)
{
	struct kinetd_udp_socket *socket = &set->socket[i];
	const struct kinetd_bind bind = {
		.net		= set->svc->net,
		.type		= SOCK_DGRAM,
		.addr		= &set->served.addr,
		.port		= set->served.port,
		/* the first one shows that the port is free, the others join it */
		.share		= i > 0,
		.beside		= beside,
		.prepare	= udp_prepare,
		.complete	= udp_complete,
		.arg		= socket,
	};
	int err;

	socket->svc = set->svc;
	socket->first = !i;
	socket->addr = set->served.addr;
	spin_lock_init(&socket->inline_lock);
	init_completion(&socket->closed);
	kinetd_endpoint_init(&socket->ep, &udp_endpoint_ops);
	socket->routes = kinetd_routes_alloc();
	if (!socket->routes)
		return -ENOMEM;
	err = kinetd_bind(&bind, &socket->sock);
	if (err)
		return err;
	if (!group)
		return 0;
	socket->sock->sk->sk_reuseport = true;
	return udp_steer(socket->sock, kinetd_pool_cpu(kinetd_service_pool(set->svc), i));
}

/* Open @nr sockets; set->nr tells how many are open. */
static int udp_set_bind(struct kinetd_udp_set *set, unsigned int nr, struct sock *beside)
{
	int err;

	while (set->nr < nr) {
		err = udp_open(set, set->nr, nr > 1, beside);
		if (err) {
			udp_release(&set->socket[set->nr]);
			return err;
		}
		set->nr++;
	}
	return 0;
}

/* Hand the sockets to the workers.  Datagrams may have come before that. */
static void udp_set_serve(struct kinetd_udp_set *set)
{
	struct kinetd_workers *workers = kinetd_pool_workers(kinetd_service_pool(set->svc));
	unsigned int i;

	for (i = 0; i < set->nr; i++) {
		struct kinetd_udp_socket *socket = &set->socket[i];

		spin_lock(&set->svc->udp_lock);
		list_add_tail(&socket->entry, &set->svc->udp_sockets);
		spin_unlock(&set->svc->udp_lock);
		kinetd_endpoint_add(&socket->ep, workers->worker[i]);
		WRITE_ONCE(socket->sock->sk->sk_data_ready, udp_data_ready);
		kinetd_endpoint_kick(&socket->ep);
		if (set->svc->exec_inline)
			kinetd_udp_inline_start(socket, set->cpu_routes);
	}
}

/* From the next grace period on nothing kicks it and nothing arrives at it. */
static void udp_detach(struct kinetd_udp_socket *socket)
{
	struct sock *sk = socket->sock->sk;

	kinetd_udp_inline_stop(socket);
	/* against who ends sockets (ss -K) */
	lock_sock(sk);
	sk->sk_prot->unhash(sk);
	release_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(sk->sk_data_ready, socket->data_ready);
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}

static void udp_stop(struct kinetd_udp_socket *socket, bool serve_waiting)
{
	struct kinetd_worker *worker = socket->ep.worker;

	socket->serve_waiting = serve_waiting;
	/* it cannot retire between the two while the lock is held */
	spin_lock_bh(&worker->lock);
	/* pairs with test_bit_acquire() in udp_run(), which may run for another reason */
	smp_mb__before_atomic();
	set_bit(KINETD_EP_STOP, &socket->ep.flags);
	kinetd_endpoint_kick(&socket->ep);
	spin_unlock_bh(&worker->lock);
}

static void udp_set_close(struct kinetd_binding *binding, bool serve_waiting)
{
	struct kinetd_udp_set *set = to_set(binding);
	unsigned int i;

	lockdep_assert_held(&kinetd_mutex);
	for (i = 0; i < set->nr; i++)
		udp_detach(&set->socket[i]);
	kinetd_served_remove(&set->served);
	synchronize_rcu_expedited();
	for (i = 0; i < set->nr; i++)
		udp_stop(&set->socket[i], serve_waiting);
	for (i = 0; i < set->nr; i++) {
		wait_for_completion(&set->socket[i].closed);
		kinetd_routes_free(set->socket[i].routes);
	}
	kinetd_cpu_routes_free(set->cpu_routes);
	kvfree(set);
}

static int udp_set_add_cpu_routes(struct kinetd_udp_set *set)
{
	if (!set->cpu_routes)
		set->cpu_routes = kinetd_cpu_routes_alloc();
	return set->cpu_routes ? 0 : -ENOMEM;
}

static struct kinetd_binding *udp_set_open(struct kinetd_service *svc,
					   const struct kinetd_address *addr, u16 port,
					   struct kinetd_binding *replaced)
{
	unsigned int nr = kinetd_pool_workers(kinetd_service_pool(svc))->nr;
	struct sock *beside = NULL;
	struct kinetd_udp_set *set;
	int err;

	set = kvzalloc(struct_size(set, socket, nr), GFP_KERNEL);
	if (!set)
		return ERR_PTR(-ENOMEM);
	set->binding.ops = &kinetd_udp_ops;
	set->svc = svc;
	set->served.net = svc->net;
	set->served.addr = *addr;
	set->served.port = port;
	/* where another has it, no socket of ours may help */
	if (replaced && svc->port == port &&
	    !kinetd_served_conflicts(&set->served, &to_set(replaced)->served))
		beside = to_set(replaced)->socket[0].sock->sk;
	udp_keep_trains(addr->family);
	err = svc->exec_inline ? udp_set_add_cpu_routes(set) : 0;
	if (!err)
		err = udp_set_bind(set, nr, beside);
	if (!set->nr) {
		kinetd_cpu_routes_free(set->cpu_routes);
		kvfree(set);
		return ERR_PTR(err);
	}
	kinetd_served_add(&set->served);
	udp_set_serve(set);
	if (err) {
		/* those that are open may have received already */
		udp_set_close(&set->binding, true);
		return ERR_PTR(err);
	}
	return &set->binding;
}

static bool udp_set_alive(const struct kinetd_binding *binding)
{
	return true;
}

static int udp_socket_set_exec(struct kinetd_udp_set *set, struct kinetd_udp_socket *socket,
			       bool exec_inline)
{
	int err;

	if (!exec_inline) {
		kinetd_udp_inline_stop(socket);
		return 0;
	}
	err = kinetd_udp_inline_prepare(socket->sock);
	if (!err)
		kinetd_udp_inline_start(socket, set->cpu_routes);
	return err;
}

/* What the sockets hold stays the workers', whatever comes next. */
static int udp_set_set_exec(struct kinetd_binding *binding, bool exec_inline)
{
	struct kinetd_udp_set *set = to_set(binding);
	unsigned int i;
	int err;

	err = exec_inline ? udp_set_add_cpu_routes(set) : 0;
	for (i = 0; !err && i < set->nr; i++)
		err = udp_socket_set_exec(set, &set->socket[i], exec_inline);
	if (err)
		while (i--)
			udp_socket_set_exec(set, &set->socket[i], !exec_inline);
	return err;
}

const struct kinetd_binding_ops kinetd_udp_ops = {
	.open		= udp_set_open,
	.close		= udp_set_close,
	.alive		= udp_set_alive,
	.set_exec	= udp_set_set_exec,
};
