/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Most of .text is called by no program and stays away. */
#include "oracle.h"

int state = 3;

__noinline int unused_first(int x) { state += x; return x; }
__noinline int used(int x) { state -= x; return state; }
__noinline int unused_last(int x) { return unused_first(x) + used(x); }

SEC("perf_event") int entry(void *ctx) { return used(1); }
SEC("perf_event") int nothing(void *ctx) { return 0; }
