/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Relocations in subprograms and in several sections, each at its place after the pieces are joined. */
#include "oracle.h"

struct mm_struct { unsigned long total_vm; int map_count; } __core;
struct task_struct { int pid; int tgid; struct task_struct *group_leader; struct mm_struct *mm; } __core;

u64 sum;

static __noinline int leader(struct task_struct *task)
{
	struct task_struct *leader = NULL;
	int pid = 0;
	core_read(&leader, &task->group_leader);
	core_read(&pid, &leader->pid);
	return pid;
}

static __noinline u64 pages(struct task_struct *task)
{
	struct mm_struct *mm = NULL;
	u64 pages = 0;
	core_read(&mm, &task->mm);
	core_read(&pages, &mm->total_vm);
	return pages + leader(task);
}

SEC("perf_event") int first(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	int tgid = 0;
	core_read(&tgid, &task->tgid);
	sum += pages(task);
	return tgid + leader(task);
}

SEC("xdp") int second(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	sum += leader(task);
	return core_offset(task->mm) + pages(task);
}
