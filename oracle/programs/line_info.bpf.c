/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Lines of several files and of inlined functions, in a program of several pieces. */
#include "oracle.h"
#include "lines.h"

u64 depth;

static __noinline u64 piece(u64 x)
{
	for (int i = 0; i < 4; i++) {
		depth += from_header(x);
		if (depth > 1000)
			return depth;
	}
	return twice_from_header(x);
}

SEC("perf_event") int entry(void *ctx)
{
	u64 x = bpf_ktime_get_ns();
	return piece(x)
		+ piece(x + 1)
		+ from_header(x);
}

SEC("kprobe/do_nanosleep") int other(void *ctx)
{
	return piece(1);
}
