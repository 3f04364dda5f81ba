/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A kernel function with other arguments than are declared. */
#include "oracle.h"

extern int bpf_rcu_read_lock(int a, int b) __ksym;

SEC("perf_event") int entry(void *ctx) { return bpf_rcu_read_lock(1, 2); }
