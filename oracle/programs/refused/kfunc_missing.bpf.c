/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A kernel function that is not there and not weak. */
#include "oracle.h"

extern int there_is_no_such_function(int x) __ksym;

SEC("perf_event") int entry(void *ctx) { return there_is_no_such_function(1); }
