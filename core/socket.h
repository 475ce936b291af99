/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_CORE_SOCKET_H
#define _KINETD_CORE_SOCKET_H

struct sock;
struct socket;

struct socket *kinetd_socket_take(void);
void kinetd_socket_put_back(struct socket *sock);
void kinetd_sockets_restock(int cpu);
int kinetd_socket_accept(struct socket *listener, struct socket **res);
void kinetd_socket_graft(struct socket *listener, struct socket *sock, struct sock *sk);
void kinetd_socket_release(struct socket *sock);
void kinetd_sockets_init(void);
void kinetd_sockets_exit(void);

#endif /* _KINETD_CORE_SOCKET_H */
