/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A kernel variable of another kind than is declared. */
#include "oracle.h"

extern const int runqueues __ksym;

SEC("perf_event") int entry(void *ctx) { return bpf_per_cpu_ptr(&runqueues, 0) != NULL; }
