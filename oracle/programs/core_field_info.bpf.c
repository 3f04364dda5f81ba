/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What else can be asked of a field: existence, size, sign, the shifts of a bit field. */
#include "oracle.h"

struct task_struct {
	int pid;
	unsigned int flags;
	unsigned int in_execve : 1;
	unsigned int in_iowait : 1;
	unsigned int sched_reset_on_fork : 1;
	unsigned int there_is_no_such_bit : 3;
	char comm[16];
	int there_is_no_such_field;
	struct task_struct *real_parent;
} __core;

u64 out[32];

SEC("perf_event") int plain(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	out[0] = core_exists(t->pid);
	out[1] = core_exists(t->there_is_no_such_field);
	out[2] = core_size(t->comm);
	out[3] = core_size(t->flags);
	out[4] = core_signed(t->pid);
	out[5] = core_signed(t->flags);
	out[6] = core_offset(t->real_parent);
	out[7] = core_lshift(t->pid);
	out[8] = core_rshift(t->pid);
	out[9] = core_exists(t->real_parent->real_parent->comm);
	return 0;
}

SEC("perf_event") int bits(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	out[10] = core_offset(t->in_execve);
	out[11] = core_size(t->in_execve);
	out[12] = core_lshift(t->in_execve);
	out[13] = core_rshift(t->in_execve);
	out[14] = core_signed(t->in_execve);
	out[15] = core_offset(t->sched_reset_on_fork);
	out[16] = core_lshift(t->sched_reset_on_fork);
	out[17] = core_rshift(t->sched_reset_on_fork);
	out[18] = core_exists(t->in_iowait);
	out[19] = core_exists(t->there_is_no_such_bit);
	return 0;
}
