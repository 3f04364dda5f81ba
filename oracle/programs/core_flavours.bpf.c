/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Flavours: several views of one kernel type, chosen by what the kernel has. */
#include "oracle.h"

struct task_struct___old { long state; int pid; } __core;
struct task_struct___new { unsigned int __state; int pid; } __core;
struct task_struct___never { struct { int nothing; } deep; int pid; } __core;

SEC("tp_btf/sched_switch") int entry(u64 *ctx)
{
	void *task = (void *)ctx[1];
	struct task_struct___new *recent = task;
	struct task_struct___old *old = task;
	struct task_struct___never *never = task;
	int sum = recent->pid + old->pid;
	if (core_exists(recent->__state))
		sum += recent->__state;
	else
		sum += old->state;
	if (core_exists(never->deep.nothing))
		sum += never->deep.nothing;
	return sum;
}
