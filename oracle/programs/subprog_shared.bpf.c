/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Subprograms that programs of several sections share, in different orders. */
#include "oracle.h"

u64 total;

static __noinline u64 leaf(u64 x) { keep(x); return x + total; }
static __noinline u64 left(u64 x) { keep(x); return leaf(x) << 1; }
static __noinline u64 right(u64 x) { keep(x); return leaf(x) >> 1; }
__noinline int both(int x) { return left(x) ^ right(x); }

SEC("xdp") int from_xdp(void *ctx) { return right(7) + left(8); }
SEC("tc") int from_tc(void *ctx) { return both(9); }
SEC("perf_event") int from_event(void *ctx) { return left(1) + both(2) + leaf(3); }
SEC("perf_event") int from_event_too(void *ctx) { return leaf(4); }
