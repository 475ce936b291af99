/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_PAYLOAD_H
#define _KINETD_PAYLOAD_H

#include <linux/types.h>

#define KINETD_PAYLOAD_NUMBER	sizeof(u64)	/* bytes that bear a message's number */

void kinetd_payload_fill(u8 *buf, size_t len, u64 number);
u64 kinetd_payload_number(const u8 *buf);

#endif /* _KINETD_PAYLOAD_H */
