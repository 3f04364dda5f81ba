/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Elements of arrays, of arrays of structs, of arrays in two dimensions, and flexible ones at the end. */
#include "oracle.h"

struct rlimit { unsigned long rlim_cur, rlim_max; } __core;
struct signal_struct { struct rlimit rlim[3]; } __core;
struct cpumask { unsigned long bits[2]; } __core;
struct task_struct { struct signal_struct *signal; char comm[16]; struct cpumask cpus_mask; } __core;
struct cgroup { int level; u64 ancestors[0]; } __core;

u64 out[8];

SEC("perf_event") int entry(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct signal_struct *signal = NULL;
	struct cgroup *cgroup = (void *)task;
	core_read(&signal, &task->signal);
	core_read(&out[0], &signal->rlim[2].rlim_max);
	core_read(&out[1], &task->cpus_mask.bits[1]);
	out[2] = core_offset(signal->rlim[1].rlim_cur);
	out[3] = core_size(signal->rlim);
	out[4] = core_offset(task->comm[7]);
	out[5] = core_exists(signal->rlim[2].rlim_cur);
	out[6] = core_offset(cgroup->ancestors[3]);
	return core_exists(task->comm[15]);
}
