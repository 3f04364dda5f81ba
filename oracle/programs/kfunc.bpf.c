/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Kernel functions: called, tested for, missing, and with a flavoured name. */
#include "oracle.h"

struct task_struct { int pid; };
struct bpf_cpumask { int usage; };

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym __weak;
extern struct bpf_cpumask *bpf_cpumask_create___ours(void) __ksym __weak;
extern int there_is_no_such_function(int x) __ksym __weak;

static __noinline int look(int pid)
{
	struct task_struct *task = bpf_task_from_pid(pid);
	if (!task)
		return 0;
	bpf_task_release(task);
	return 1;
}

SEC("tp_btf/sched_switch") int entry(void *ctx)
{
	int found;
	bpf_rcu_read_lock();
	found = look(1);
	bpf_rcu_read_unlock();
	if (bpf_task_release)
		found += 2;
	if (bpf_cpumask_create___ours)
		found += 4;
	if (there_is_no_such_function)
		found += there_is_no_such_function(found);
	return found;
}
