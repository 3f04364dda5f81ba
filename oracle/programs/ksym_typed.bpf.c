/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Kernel variables with types: reached by BTF id; a missing weak one is zero. */
#include "oracle.h"

struct rq { int cpu; };
extern const struct rq runqueues __ksym;
extern const int bpf_prog_active __ksym;
extern const int there_is_no_such_variable __ksym __weak;

SEC("raw_tp/sched_switch") int entry(void *ctx)
{
	const void *rq = bpf_per_cpu_ptr(&runqueues, 0);
	const int *active = bpf_this_cpu_ptr(&bpf_prog_active);
	if (&there_is_no_such_variable)
		return 3;
	return (rq != NULL) + *active;
}
