// SPDX-License-Identifier: GPL-2.0
/*
 * UDP sockets that are served inline, by the softirq that receives (see inline.c).
 *
 * UDP offers what it receives to a hook, which is meant for tunnels: before the
 * packet is queued, with its checksum verified, under RCU.  What the hook does not
 * take is queued as ever, and is the worker's.
 *
 * For a socket with a hook UDP takes trains of datagrams apart, which costs many times
 * what they cost whole.  So where one comes after the other the hook is taken away, and
 * all is the worker's, until enough datagrams have come each on its own.
 */
#include <linux/filter.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>

#include "datagram.h"
#include "flow.h"
#include "inline.h"
#include "service.h"
#include "udp_inline.h"
#include "udp_socket.h"

#define UDP_TRAINS	64	/* what takes the hook away; so many single ones bring it back */

/**
 * kinetd_cpu_routes_alloc() - room for the routes of each CPU
 *
 * A CPU gets its own with the first packet that it receives.
 *
 * Return: by the CPU's number, to be given to kinetd_cpu_routes_free(), or NULL.
 */
struct kinetd_routes **kinetd_cpu_routes_alloc(void)
{
	return kcalloc(nr_cpu_ids, sizeof(struct kinetd_routes *), GFP_KERNEL);
}

void kinetd_cpu_routes_free(struct kinetd_routes **routes)
{
	unsigned int cpu;

	if (!routes)
		return;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		kinetd_routes_free(routes[cpu]);
	kfree(routes);
}

/* While it is received its route tells. */
static bool packet_to_group(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return skb_rtable(skb)->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST);
	return ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
}

/*
 * May this packet be served at once?  What waits in the queue, and what the worker has
 * taken from there, goes first, so that a flow stays in order.  What goes to groups is
 * given to every socket.
 */
static bool udp_may_serve(const struct kinetd_udp_socket *socket, const struct sock *sk,
			  const struct sk_buff *skb)
{
	if (atomic_read(&sk->sk_rmem_alloc) || test_bit(KINETD_EP_QUEUED, &socket->ep.flags))
		return false;
	/* pairs with smp_wmb() in udp_serve(): whose packet left the queue is still serving */
	smp_rmb();
	return !READ_ONCE(socket->serving) && !packet_to_group(skb) && !skb_shared(skb);
}

/*
 * UDP has the datagrams of a train that it took apart hang on each other.  One of N counts
 * 2N - 3, so that even pairs add up.  The hook goes at the end of one, so that no train is
 * half the softirq's and half the worker's.  Several CPUs may count here at a time, and the
 * worker: it does not matter what gets lost of it.
 */
static void udp_note_train(struct kinetd_udp_socket *socket, struct sock *sk,
			   const struct sk_buff *skb)
{
	int trains = READ_ONCE(socket->trains);

	if (unlikely(skb->next)) {
		if (socket->svc->proto->trains)
			WRITE_ONCE(socket->trains, min(trains + 2, UDP_TRAINS));
	} else if (unlikely(trains >= UDP_TRAINS)) {
		WRITE_ONCE(udp_sk(sk)->encap_rcv, NULL);
	} else if (unlikely(trains > 0)) {
		WRITE_ONCE(socket->trains, trains - 1);
	}
}

/* Return: 0 where the packet was taken, 1 where it is UDP's */
static int udp_receive_inline(struct sock *sk, struct sk_buff *skb)
{
	struct kinetd_udp_socket *socket = rcu_dereference_sk_user_data(sk);
	struct kinetd_routes **all, *routes;
	struct kinetd_inline *cpu;
	int refused;

	if (unlikely(!socket))
		return 1;
	udp_note_train(socket, sk, skb);
	/* pairs with smp_store_release() in kinetd_udp_inline_start() */
	all = smp_load_acquire(&socket->cpu_routes);
	if (unlikely(!all || !udp_may_serve(socket, sk, skb)))
		return 1;
	/* of so much memory a softirq might find none */
	routes = READ_ONCE(all[smp_processor_id()]);
	if (unlikely(!routes)) {
		WRITE_ONCE(socket->cpu_without_routes, smp_processor_id() + 1);
		return 1;
	}
	cpu = kinetd_inline_begin();
	if (unlikely(!cpu))
		return 1;
	/* last, since it may count; what it refuses UDP asks it for once more, drops, and counts */
	refused = sk_filter_trim_cap(sk, skb, sizeof(struct udphdr));
	if (likely(!refused))
		kinetd_datagram_serve_inline(socket, routes, skb);
	kinetd_inline_end(cpu);
	return refused ? 1 : 0;
}

/**
 * kinetd_udp_inline_add_routes() - give a CPU that has left a packet to the worker its routes
 * @socket: socket
 *
 * Where there is no memory the CPU asks again with the next packet.
 *
 * Context: the socket's worker; sleeps.
 */
void kinetd_udp_inline_add_routes(struct kinetd_udp_socket *socket)
{
	unsigned int cpu = xchg(&socket->cpu_without_routes, 0);
	struct kinetd_routes *routes;

	if (!cpu)
		return;
	routes = kinetd_routes_alloc();
	/* the sockets of a set share them */
	if (routes && cmpxchg(&socket->cpu_routes[cpu - 1], NULL, routes))
		kinetd_routes_free(routes);
}

/**
 * kinetd_udp_inline_prepare() - have UDP look for a hook in a socket
 * @sock: UDP socket
 *
 * The first such socket has the kernel patch its own text, but for those that are kept
 * (see udp_keep_trains()).
 *
 * Context: process context.
 * Return: 0 or what the kernel says.
 */
int kinetd_udp_inline_prepare(struct socket *sock)
{
	/* any kind that the kernel itself does nothing for */
	int kind = UDP_ENCAP_L2TPINUDP;

	return sock->ops->setsockopt(sock, SOL_UDP, UDP_ENCAP, KERNEL_SOCKPTR(&kind),
				     sizeof(kind));
}

/**
 * kinetd_udp_inline_start() - serve a socket inline from now on
 * @socket: prepared socket
 * @routes: for each CPU; stay until nothing can arrive at @socket any more
 *
 * Context: kinetd_mutex.
 */
void kinetd_udp_inline_start(struct kinetd_udp_socket *socket, struct kinetd_routes **routes)
{
	/* who finds the routes finds them whole */
	smp_store_release(&socket->cpu_routes, routes);
	WRITE_ONCE(socket->trains, 0);
	spin_lock(&socket->inline_lock);
	WRITE_ONCE(socket->inline_wanted, true);
	WRITE_ONCE(udp_sk(socket->sock->sk)->encap_rcv, udp_receive_inline);
	spin_unlock(&socket->inline_lock);
}

/**
 * kinetd_udp_inline_stop() - leave a socket to its worker
 * @socket: socket
 *
 * Some packets may still be served inline, for a grace period.
 *
 * Context: kinetd_mutex.
 */
void kinetd_udp_inline_stop(struct kinetd_udp_socket *socket)
{
	spin_lock(&socket->inline_lock);
	WRITE_ONCE(socket->inline_wanted, false);
	WRITE_ONCE(udp_sk(socket->sock->sk)->encap_rcv, NULL);
	spin_unlock(&socket->inline_lock);
}

/**
 * kinetd_udp_inline_note() - a packet came to the worker, though inline is wanted
 * @socket: socket
 * @skb: the packet, perhaps a train
 *
 * Context: the socket's worker.
 */
void kinetd_udp_inline_note(struct kinetd_udp_socket *socket, const struct sk_buff *skb)
{
	int trains = READ_ONCE(socket->trains);

	/* as long as there is a hook the softirqs count */
	if (READ_ONCE(udp_sk(socket->sock->sk)->encap_rcv))
		return;
	if (skb_is_gso(skb))
		trains = min(trains + skb_shinfo(skb)->gso_segs, UDP_TRAINS);
	else
		trains = max(trains - 1, 0);
	WRITE_ONCE(socket->trains, trains);
}

/**
 * kinetd_udp_inline_resume() - serve a socket inline again, if trains have ceased
 * @socket: socket that waits for nothing, and that is wanted inline
 *
 * Context: the socket's worker.
 */
void kinetd_udp_inline_resume(struct kinetd_udp_socket *socket)
{
	struct udp_sock *up = udp_sk(socket->sock->sk);

	if (READ_ONCE(socket->trains) > 0 || READ_ONCE(up->encap_rcv))
		return;
	/* what kinetd_udp_inline_stop() has done is not to be undone */
	spin_lock(&socket->inline_lock);
	if (socket->inline_wanted)
		WRITE_ONCE(up->encap_rcv, udp_receive_inline);
	spin_unlock(&socket->inline_lock);
}
