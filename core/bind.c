// SPDX-License-Identifier: GPL-2.0
/*
 * Binding sockets, by a kworker: whoever writes to a file lends the socket
 * neither credentials (that write needs CAP_NET_ADMIN, which suffices) nor its
 * memory cgroup nor its security label.
 *
 * A socket of ours shares its port with no other.  SO_REUSEPORT shares among
 * the sockets of one uid, and ours have a uid that nobody else's can have.  It
 * is off while a socket binds, so that the port must be free, but for sockets
 * that replace or join others of the same service.
 */
#include <linux/workqueue.h>
#include <net/sock.h>

#include "binding.h"
#include "compat.h"

struct bind_work {
	struct work_struct		work;
	const struct kinetd_bind	*bind;
	struct socket			*sock;
	int				err;
};

static void socket_set_share(struct sock *sk, bool share)
{
	lock_sock(sk);
	sk->sk_reuseport = share;
	release_sock(sk);
}

static int bind_and_complete(struct socket *sock, const struct kinetd_bind *bind)
{
	struct sockaddr_storage ss;
	int len, err;

	len = kinetd_address_to_sockaddr(bind->addr, bind->port, &ss);
	err = kernel_bind(sock, (struct kinetd_sockaddr *)&ss, len);
	if (!err && bind->complete)
		err = bind->complete(sock, bind->arg);
	return err;
}

/*
 * The socket that is replaced may be in the way: 127.0.0.1 and 0.0.0.0 on one
 * port.  For the moment of binding the two are let share it; with any other
 * socket the new one still conflicts, since it shares its uid with none.
 */
static int bind_beside(struct socket *sock, const struct kinetd_bind *bind)
{
	bool shared = bind->beside->sk_reuseport;
	int err;

	socket_set_share(bind->beside, true);
	socket_set_share(sock->sk, true);
	err = bind_and_complete(sock, bind);
	socket_set_share(sock->sk, bind->share);
	socket_set_share(bind->beside, shared);
	return err;
}

static int bind_socket(const struct kinetd_bind *bind, bool beside, struct socket **res)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(bind->net, bind->addr->family, bind->type, 0, &sock);
	if (err)
		return err;
	SOCK_INODE(sock)->i_uid = INVALID_UID;
	bind->prepare(sock->sk, bind->arg);
	if (bind->addr->family == AF_INET6)
		sock->sk->sk_ipv6only = false;
	if (bind->share)
		socket_set_share(sock->sk, true);
	err = beside ? bind_beside(sock, bind) : bind_and_complete(sock, bind);
	if (err)
		sock_release(sock);
	else
		*res = sock;
	return err;
}

static void bind_work(struct work_struct *work)
{
	struct bind_work *request = container_of(work, struct bind_work, work);

	request->err = bind_socket(request->bind, false, &request->sock);
	if (request->err == -EADDRINUSE && request->bind->beside)
		request->err = bind_socket(request->bind, true, &request->sock);
}

/**
 * kinetd_run_in_kworker() - have something done in nobody's name, and wait for it
 * @work: on the stack; gone afterwards
 *
 * Context: process context.
 */
void kinetd_run_in_kworker(struct work_struct *work)
{
	queue_work(system_unbound_wq, work);
	flush_work(work);
	destroy_work_on_stack(work);
}

/**
 * kinetd_bind() - make a socket and bind it
 * @bind: how
 * @sock: result, to be released by the caller
 *
 * Context: process context.  @bind->prepare and @bind->complete run in a kworker.
 * Return: 0, or what binding says.
 */
int kinetd_bind(const struct kinetd_bind *bind, struct socket **sock)
{
	struct bind_work request = { .bind = bind };

	INIT_WORK_ONSTACK(&request.work, bind_work);
	kinetd_run_in_kworker(&request.work);
	if (!request.err)
		*sock = request.sock;
	return request.err;
}
