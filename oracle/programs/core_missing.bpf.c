/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fields and types that the kernel lacks: the insns that need them are poisoned, and nothing else. */
#include "oracle.h"

struct task_struct { int pid; int there_is_no_such_field; } __core;
struct there_is_no_such_struct { u64 value; u64 array[4]; } __core;

u64 out[8];

SEC("tp_btf/sched_switch") int load(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	if (core_exists(task->there_is_no_such_field))
		return task->there_is_no_such_field;
	return task->pid;
}

SEC("perf_event") int address(void *ctx)
{
	struct there_is_no_such_struct *nothing = (void *)bpf_get_current_task();
	u64 value = 0;
	if (core_type_exists(struct there_is_no_such_struct)) {
		core_read(&value, &nothing->array[2]);
		out[0] = core_size(nothing->value);
		out[1] = core_offset(nothing->array);
	}
	return value;
}
