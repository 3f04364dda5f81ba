/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clang: 16 */
/* Exceptions: a program with a callback of its own, which nothing calls, and one without. */
#include "oracle.h"

extern void bpf_throw(u64 cookie) __ksym __weak;

__noinline int on_throw(u64 cookie) { return cookie + 3; }

static __noinline int risky(u64 x)
{
	if (x == 7)
		bpf_throw(x);
	return x;
}

SEC("tc") __tag("exception_callback:on_throw") int guarded(void *ctx) { return risky(bpf_ktime_get_ns()); }
SEC("tc") int unguarded(void *ctx) { return risky(1); }
