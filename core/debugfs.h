/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_DEBUGFS_H
#define _KINETD_DEBUGFS_H

void kinetd_debugfs_init(void);
void kinetd_debugfs_exit(void);

#endif /* _KINETD_DEBUGFS_H */
