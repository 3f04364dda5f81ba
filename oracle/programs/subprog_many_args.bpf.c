/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Subprograms with five arguments and with pointers to their caller's stack. */
#include "oracle.h"

struct pair { u64 a, b; };

static __noinline u64 five(u64 a, u64 b, u64 c, u64 d, u64 e) { keep(a); return a + 2 * b + 3 * c + 4 * d + 5 * e; }
static __noinline void swap(struct pair *p) { u64 a = p->a; p->a = p->b; p->b = a; keep(p); }
static __noinline u64 sum(const struct pair *p, u64 n) { keep(p); return p->a + p->b * n; }

SEC("perf_event") int entry(void *ctx)
{
	struct pair p = { bpf_ktime_get_ns(), 2 };
	swap(&p);
	return five(p.a, p.b, 3, 4, 5) + sum(&p, 6);
}
