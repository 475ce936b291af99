/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_LISTENER_H
#define _KINETD_LISTENER_H

#include <kinetd/address.h>

struct kinetd_listener;
struct kinetd_service;

struct kinetd_listener *kinetd_listener_open(struct kinetd_service *svc,
					     const struct kinetd_address *addr, u16 port,
					     struct kinetd_listener *replaced);
void kinetd_listener_close(struct kinetd_listener *listener, bool serve_waiting);
bool kinetd_listener_alive(const struct kinetd_listener *listener);
void kinetd_listener_set_backlog(struct kinetd_listener *listener, unsigned int backlog);
void kinetd_listener_set_pool(struct kinetd_listener *listener);

#endif /* _KINETD_LISTENER_H */
