/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The program of `skep profile --smt`: counts stacks by whether another thread of the core was busy at that moment,
 * for each NUMA node, on the CPUs that user space chose.
 *
 * It asks the masks of idle CPUs that the kernel keeps while a sched_ext scheduler with
 * SCX_OPS_BUILTIN_IDLE_PER_NODE is loaded. A sibling is busy when it is not in the mask of idle CPUs; that sharing the
 * core could have been avoided shows in the mask of idle cores.
 *
 * Totals are honest: `samples` = the sum over `counts` + `uncounted` + `elsewhere`.
 */
#include <skep/cpumask.h>
#include <skep/stacks.h>

/* CPUs of the largest machine, and threads of one core beside a CPU itself. */
#define MAX_CPUS 8192
#define MAX_SIBLINGS 7

/* What the core did besides the sample. */
enum {
	/* All its other threads were idle, or it has none. */
	SIBLING_IDLE = 0,
	/* Another thread was busy, and no core of the node was free. */
	SIBLING_BUSY = 1,
	/* Another thread was busy, although a whole core of the node was free. */
	SIBLING_BUSY_CORE_FREE = 2,
};

struct smt_key {
	stack_id user;
	stack_id kernel;
	u32 tgid;
	u16 node;
	u16 state;
	char comm[TASK_COMM_LEN];
};

/* The other threads of a CPU's core. */
struct siblings {
	u32 nr;
	u32 cpus[MAX_SIBLINGS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct smt_key);
	__type(value, u64);
} counts SEC(".maps");

/* By CPU; filled by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_CPUS);
	__type(key, u32);
	__type(value, struct siblings);
} topology SEC(".maps");

/* CPUs to be sampled, a bit each; filled by user space. The kernel's function wants memory that may be written. */
u64 chosen[MAX_CPUS / 64];

struct chosen_mask {
	struct bpf_cpumask __kptr *mask;
};

/* The same as a mask, made by the first sample. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct chosen_mask);
} chosen_masks SEC(".maps");

/* Samples that the program saw. */
u64 samples;
/* Samples that `counts` had no room for. */
u64 uncounted;
/* Samples of CPUs that were not chosen, or whose place is not known. */
u64 elsewhere;

/* Makes the mask of chosen CPUs. Another CPU may have been first: then its mask stays, and ours goes. */
static __noinline int make_mask(struct chosen_mask *value)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();

	if (!mask)
		return -1;
	if (bpf_cpumask_populate((struct cpumask *)mask, chosen, sizeof(chosen))) {
		bpf_cpumask_release(mask);
		return -1;
	}
	mask = bpf_kptr_xchg(&value->mask, mask);
	if (mask)
		bpf_cpumask_release(mask);
	return 0;
}

static __always_inline bool is_chosen(u32 cpu)
{
	struct chosen_mask *value;
	struct bpf_cpumask *mask;
	u32 zero = 0;

	value = bpf_map_lookup_elem(&chosen_masks, &zero);
	if (!value)
		return false;
	if (!value->mask && make_mask(value))
		return false;
	mask = value->mask;
	return mask && bpf_cpumask_test_cpu(cpu, (const struct cpumask *)mask);
}

static __always_inline u16 state_of(u32 cpu, int node)
{
	const struct cpumask *idle;
	struct siblings *core;
	bool busy = false, free;

	core = bpf_map_lookup_elem(&topology, &cpu);
	if (!core)
		return SIBLING_IDLE;
	idle = scx_bpf_get_idle_cpumask_node(node);
	for (u32 i = 0; i < MAX_SIBLINGS && i < core->nr; i++)
		busy |= !bpf_cpumask_test_cpu(core->cpus[i], idle);
	scx_bpf_put_idle_cpumask(idle);
	if (!busy)
		return SIBLING_IDLE;
	idle = scx_bpf_get_idle_smtmask_node(node);
	free = !bpf_cpumask_empty(idle);
	scx_bpf_put_idle_cpumask(idle);
	return free ? SIBLING_BUSY_CORE_FREE : SIBLING_BUSY;
}

SEC("perf_event")
int smt(struct bpf_perf_event_data *ctx)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct smt_key key = {};
	u64 *count, one = 1;
	int node;

	__sync_fetch_and_add(&samples, 1);
	node = scx_bpf_cpu_node(cpu);
	if (node < 0 || !is_chosen(cpu)) {
		__sync_fetch_and_add(&elsewhere, 1);
		return 0;
	}
	key.node = node;
	key.state = state_of(cpu, node);
	key.user = place(ctx, BPF_F_USER_STACK);
	key.kernel = place(ctx, 0);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(key.comm, sizeof(key.comm));

	count = bpf_map_lookup_elem(&counts, &key);
	if (count) {
		__sync_fetch_and_add(count, 1);
		return 0;
	}
	/* Another CPU may have been first: then BPF_NOEXIST fails, and the count is there now. */
	if (bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST) == 0)
		return 0;
	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&uncounted, 1);
	return 0;
}

/* Kernel functions ask for a licence string that the kernel knows. */
char licence[] SEC("license") = "Dual MIT/GPL";
