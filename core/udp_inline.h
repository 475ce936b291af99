/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_UDP_INLINE_H
#define _KINETD_UDP_INLINE_H

struct kinetd_routes;
struct kinetd_udp_socket;
struct sk_buff;
struct socket;

struct kinetd_routes **kinetd_cpu_routes_alloc(void);
void kinetd_cpu_routes_free(struct kinetd_routes **routes);

int kinetd_udp_inline_prepare(struct socket *sock);
void kinetd_udp_inline_start(struct kinetd_udp_socket *socket, struct kinetd_routes **routes);
void kinetd_udp_inline_stop(struct kinetd_udp_socket *socket);
void kinetd_udp_inline_add_routes(struct kinetd_udp_socket *socket);
void kinetd_udp_inline_note(struct kinetd_udp_socket *socket, const struct sk_buff *skb);
void kinetd_udp_inline_resume(struct kinetd_udp_socket *socket);

#endif /* _KINETD_UDP_INLINE_H */
