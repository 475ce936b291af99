/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_SOCKET_H
#define _KINETD_SOCKET_H

struct socket;

void kinetd_socket_linger(struct socket *sock);

#endif /* _KINETD_SOCKET_H */
