/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_LISTENER_H
#define _KINETD_LISTENER_H

#include "binding.h"

extern const struct kinetd_binding_ops kinetd_listener_ops;

#endif /* _KINETD_LISTENER_H */
