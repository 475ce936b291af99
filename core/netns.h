/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_NETNS_H
#define _KINETD_NETNS_H

int kinetd_netns_init(void);
void kinetd_netns_exit(void);

#endif /* _KINETD_NETNS_H */
