/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A call within .text goes without a relocation, one from another section with one. */
#include "oracle.h"

static __noinline int inner(int x) { keep(x); return x - 1; }
__noinline int outer(int x) { return inner(x) + inner(x + 2); }
__noinline int outermost(int x) { return outer(x) + inner(x); }

SEC("tracepoint/sched/sched_switch") int entry(void *ctx) { return outermost(5); }
SEC("raw_tp/sched_switch") int other(void *ctx) { return inner(6); }
