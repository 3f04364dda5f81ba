/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A function that is declared, called, and defined nowhere. */
#include "oracle.h"

extern int defined_nowhere(int x);

SEC("perf_event") int entry(void *ctx) { return defined_nowhere(1); }
