/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Byte offsets of fields: nested, through pointers, in arrays, within anonymous members. */
#include "oracle.h"

struct list_head { struct list_head *next, *prev; } __core;
struct sched_entity { u64 sum_exec_runtime; struct list_head group_node; } __core;
struct cpumask { unsigned long bits[1]; } __core;
struct mm_struct { struct { unsigned long start_code, end_code; unsigned long saved_auxv[4]; }; } __core;
struct task_struct {
	int pid;
	int tgid;
	struct sched_entity se;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	char comm[16];
	const struct cpumask *cpus_ptr;
} __core;

SEC("perf_event") int probed(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *parent;
	struct mm_struct *mm;
	u64 out = 0, word = 0;
	int pid = 0;
	char comm[16];
	core_read(&pid, &task->pid);
	core_read(&parent, &task->real_parent);
	core_read(&word, &parent->se.sum_exec_runtime);
	out += word;
	core_read(&word, &parent->se.group_node.prev);
	out += word;
	core_read(&comm, &task->comm);
	core_read(&mm, &task->mm);
	core_read(&word, &mm->end_code);
	out += word;
	core_read(&word, &mm->saved_auxv[3]);
	return pid + out + word + comm[2];
}

SEC("tp_btf/sched_switch") int direct(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	return task->tgid + task->real_parent->pid + task->comm[5] + task->cpus_ptr->bits[0];
}
