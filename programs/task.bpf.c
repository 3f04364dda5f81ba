/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Describes the task that each sample hit: who it is, who its ancestors are, where it may run.
 *
 * It uses what larger programs use: global data of all three kinds, static and global subprograms, CO-RE reads of
 * kernel structs, a tail call, bpf_loop() with a callback, a per-CPU scratch value and a ring buffer.
 */
#include <skep/bpf.h>
#include <skep/kernel.h>

#define MAX_ANCESTORS 16

struct task_info {
	s32 pid;
	s32 tgid;
	/* The parent's tgid. */
	s32 ppid;
	/* Length of the chain of parents up to the first task that is its own parent or has pid 1 or 0. */
	u32 ancestors;
	/* The first word of the CPUs on which it may run. */
	u64 cpus;
	/* Samples of this process, this one included. */
	u64 seen;
	/* Number of this record over all CPUs, from `next_record` on. */
	u64 record;
	char comm[TASK_COMM_LEN];
	char parent_comm[TASK_COMM_LEN];
};

/* .rodata: set before loading, then a constant for the verifier. */
const volatile u32 max_ancestors = MAX_ANCESTORS;
const volatile u64 min_period = 1;
/* .data */
u64 next_record = 1000;
u32 weights[4] = { 1, 2, 4, 8 };
/* .bss */
u64 samples;
u64 records;
u64 skipped;
u64 unsent;
u64 full;
u64 weighted;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, s32);
	__type(value, u64);
} seen_by_tgid SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct task_info);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} tasks SEC(".maps");

int send_record(struct bpf_perf_event_data *ctx);

enum stage { STAGE_SEND };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__array(values, int(void *));
} stages SEC(".maps") = {
	.values = { [STAGE_SEND] = (void *)&send_record },
};

struct walk {
	const struct task_struct *task;
	u32 steps;
};

/* One step of bpf_loop(); 1 ends it. A pointer out of the context is a number for the verifier, hence probe reads. */
static long step_to_parent(__unused u32 index, struct walk *walk)
{
	const struct task_struct *parent;
	s32 pid;

	if (bpf_probe_read_kernel(&parent, sizeof(parent), &walk->task->real_parent))
		return 1;
	if (!parent || parent == walk->task)
		return 1;
	walk->task = parent;
	walk->steps++;
	if (bpf_probe_read_kernel(&pid, sizeof(pid), &parent->pid))
		return 1;
	return pid <= 1;
}

static __noinline u32 count_ancestors(struct task_struct *task)
{
	struct walk walk = { .task = task };

	bpf_loop(max_ancestors, step_to_parent, &walk, 0);
	return walk.steps;
}

/* A global subprogram: verified by itself, for any argument. */
__noinline u64 weight_of(u32 cpu)
{
	return weights[cpu & 3];
}

static __noinline u64 count_process(s32 tgid)
{
	u64 *seen, one = 1;

	seen = bpf_map_lookup_elem(&seen_by_tgid, &tgid);
	if (seen)
		return __sync_fetch_and_add(seen, 1) + 1;
	bpf_map_update_elem(&seen_by_tgid, &tgid, &one, BPF_NOEXIST);
	return 1;
}

SEC("perf_event")
int describe_task(struct bpf_perf_event_data *ctx)
{
	struct task_struct *task, *parent;
	struct task_info *info;
	u32 zero = 0;

	__sync_fetch_and_add(&samples, 1);
	if (ctx->sample_period < min_period) {
		__sync_fetch_and_add(&skipped, 1);
		return 0;
	}
	info = bpf_map_lookup_elem(&scratch, &zero);
	if (!info)
		return 0;

	task = bpf_get_current_task_btf();
	parent = task->real_parent;
	info->pid = task->pid;
	info->tgid = task->tgid;
	info->ppid = parent->tgid;
	info->cpus = task->cpus_ptr->bits[0];
	bpf_probe_read_kernel_str(info->comm, sizeof(info->comm), task->comm);
	bpf_probe_read_kernel_str(info->parent_comm, sizeof(info->parent_comm), parent->comm);
	info->ancestors = count_ancestors(task);
	info->seen = count_process(info->tgid);
	info->record = __sync_fetch_and_add(&next_record, 1);
	__sync_fetch_and_add(&weighted, weight_of(bpf_get_smp_processor_id()));

	bpf_tail_call(ctx, &stages, STAGE_SEND);
	/* Only reached where the slot is empty. */
	__sync_fetch_and_add(&unsent, 1);
	return 0;
}

SEC("perf_event")
int send_record(__unused struct bpf_perf_event_data *ctx)
{
	struct task_info *info, *record;
	u32 zero = 0;

	info = bpf_map_lookup_elem(&scratch, &zero);
	if (!info)
		return 0;
	record = bpf_ringbuf_reserve(&tasks, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&full, 1);
		return 0;
	}
	*record = *info;
	bpf_ringbuf_submit(record, 0);
	__sync_fetch_and_add(&records, 1);
	return 0;
}

/* Reads of kernel structs ask for a licence string that the kernel knows. */
char licence[] SEC("license") = "Dual MIT/GPL";
