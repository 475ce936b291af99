/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KINETD_INLINE_H
#define _KINETD_INLINE_H

#include <linux/mm_types_task.h>
#include <linux/types.h>

#define KINETD_INLINE_FRAGS	8	/* of 32 KiB, where memory allows */

/**
 * struct kinetd_inline - a CPU, as far as it serves in softirqs
 * @frag: memory that TCP copies messages to, instead of a piece for each socket; several, since
 *	  a peer's pieces are pinned until it has read them and said so
 * @turn: which of @frag is in use
 * @jiffy: when it served last
 * @start: of what it serves now, 0 where that is not timed
 * @spent: nanoseconds that no jiffy has allowed yet
 * @lot: decides whether a run is timed
 * @short_runs: the last run that was timed was short
 * @busy: it serves
 *
 * The CPU's own, while BHs are disabled.
 */
struct kinetd_inline {
	struct page_frag	frag[KINETD_INLINE_FRAGS];
	unsigned int		turn;
	unsigned long		jiffy;
	u64			start;
	u64			spent;
	u32			lot;
	bool			short_runs;
	bool			busy;
};

struct kinetd_inline *kinetd_inline_begin(void);
void kinetd_inline_make_room(struct kinetd_inline *cpu, u32 len);
void kinetd_inline_end(struct kinetd_inline *cpu);
void kinetd_inlines_init(void);
void kinetd_inlines_exit(void);

#endif /* _KINETD_INLINE_H */
