/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A kernel symbol that is not there and not weak. */
#include "oracle.h"

extern const void there_is_no_such_symbol __ksym;

SEC("perf_event") int entry(void *ctx) { return (u64)&there_is_no_such_symbol >> 3; }
