/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An element beyond the end of an array that is not the last member. */
#include "oracle.h"

struct task_struct { char comm[16]; int pid; } __core;

SEC("perf_event") int entry(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	return core_exists(task->comm[99]);
}
