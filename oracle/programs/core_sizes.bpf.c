/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Loads and stores whose width differs from the kernel's: the insn takes the kernel's. */
#include "oracle.h"

/* The kernel has int pid, unsigned int flags, u64 start_time, and a pointer for stack. */
struct task_struct {
	u64 pid;
	u16 tgid;
	u8 flags;
	u32 start_time;
	u32 stack;
} __core;

SEC("tp_btf/sched_switch") int widths(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	return task->pid + task->tgid + task->flags + task->start_time + task->stack;
}
