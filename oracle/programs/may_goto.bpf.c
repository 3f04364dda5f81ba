/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clang: 19 */
/* flags: -mcpu=v4 */
/* Loops that end when the kernel says so, beside references that move them. */
#include "oracle.h"

u64 rounds;

static __noinline u64 spin(u64 n)
{
	u64 i = 0;
	for (;; i += n) {
		__asm__ volatile goto("may_goto %l[out]" :::: out);
		rounds++;
	}
out:
	return i;
}

SEC("perf_event") int entry(void *ctx) { return spin(1) + spin(bpf_ktime_get_ns()); }
