/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Global subprograms, hidden ones, weak ones. */
#include "oracle.h"

int calls;

__noinline int global(int x) { calls++; return x + 1; }
__noinline __hidden int hidden(int x) { keep(x); return global(x) * 2; }
__noinline __weak int weak(int x) { keep(x); return hidden(x) - 1; }

SEC("perf_event") int entry(void *ctx) { return weak(3) + global(4); }
