/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Static subprograms: a chain, and one that nobody calls. */
#include "oracle.h"

static __noinline int third(int x) { keep(x); return x * 3; }
static __noinline int second(int x) { keep(x); return third(x) + 2; }
static __noinline int first(int x) { keep(x); return second(x) + third(x + 1); }
__attribute__((used)) static __noinline int nobody(int x) { keep(x); return second(x); }

SEC("perf_event") int entry(void *ctx) { return first(1) + second(2); }
