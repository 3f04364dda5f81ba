/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The program of `skep profile --smt`: counts stacks as `profile` does, apart by NUMA node and by what the other threads
 * of the sampled CPU's core (its SMT siblings) did at that moment, on the CPUs that user space chose.
 *
 * It asks the masks of idle CPUs that the kernel keeps while a sched_ext scheduler with SCX_OPS_BUILTIN_IDLE_PER_NODE is
 * loaded. There are two for each node: of idle CPUs, and of CPUs whose whole core is idle. The second cannot tell about
 * the sampled CPU's sibling: that CPU is busy itself, so that its core is not in there whatever the sibling does. So the
 * first one answers, asked for each sibling. The second one answers what follows from a busy sibling: whether a whole
 * core of the node was free at that moment, to which either of the two might have gone.
 *
 * Totals are honest: `samples` = all counts of `nodes` by sibling + `elsewhere`, and the former = the sum over `counts` +
 * `uncounted`.
 */
#include <skep/cpumask.h>
#include <skep/stacks.h>

/* CPUs and nodes of the largest machine, and threads of one core beside a CPU itself. */
#define MAX_CPUS 8192
#define MAX_NODES 1024
#define MAX_SIBLINGS 7

/* What the other threads of a core that are online do. */
enum sibling {
	/* There are none. */
	SIBLING_NONE = 1,
	/* All are idle. */
	SIBLING_IDLE = 2,
	/* One is busy, or about to be: a scheduler has taken it out of the mask to wake a task there. */
	SIBLING_BUSY = 3,
	/* Nothing tells the kernel whether one is idle, and none is known to be busy. */
	SIBLING_UNKNOWN = 4,
};

/* A group is a node, shifted by so much, and a sibling. */
#define SIBLING_BITS 3

/* Samples of a node. */
struct share {
	u64 none;
	u64 idle;
	u64 busy;
	u64 unknown;
	/* Those of `busy` during which a whole core of the node was idle. */
	u64 core_free;
};

/* The other threads of a CPU's core, online or not. */
struct siblings {
	u32 nr;
	u32 cpus[MAX_SIBLINGS];
};

struct wanted {
	/* CPUs whose samples count, a bit each. */
	u64 cpus[MAX_CPUS / 64];
	/* CPUs of which the masks of idle CPUs tell what is. */
	u64 told[MAX_CPUS / 64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_NODES);
	__type(key, u32);
	__type(value, struct share);
} nodes SEC(".maps");

/* By CPU; filled by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_CPUS);
	__type(key, u32);
	__type(value, struct siblings);
} cores SEC(".maps");

/* Filled by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wanted);
} wanted SEC(".maps");

/* Samples that the program saw. */
u64 samples;
/* Samples of CPUs that are not wanted, or whose node is not known. */
u64 elsewhere;

static __always_inline bool is_wanted(struct wanted *want, u32 cpu)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();
	bool is = false;

	if (!mask)
		return false;
	if (!bpf_cpumask_populate((struct cpumask *)mask, want->cpus, sizeof(want->cpus)))
		is = bpf_cpumask_test_cpu(cpu, (const struct cpumask *)mask);
	bpf_cpumask_release(mask);
	return is;
}

static __always_inline bool is_told(struct wanted *want, u32 cpu)
{
	return want->told[cpu / 64 % (MAX_CPUS / 64)] >> cpu % 64 & 1;
}

static __always_inline enum sibling sibling_of(struct wanted *want, u32 cpu, int node)
{
	const struct cpumask *online, *idle;
	enum sibling found = SIBLING_NONE;
	struct siblings *core;

	core = bpf_map_lookup_elem(&cores, &cpu);
	if (!core)
		return SIBLING_NONE;
	online = scx_bpf_get_online_cpumask();
	idle = scx_bpf_get_idle_cpumask_node(node);
	for (u32 i = 0; i < MAX_SIBLINGS && i < core->nr; i++) {
		u32 other = core->cpus[i];

		if (!bpf_cpumask_test_cpu(other, online) || found == SIBLING_BUSY)
			continue;
		if (!is_told(want, other))
			found = SIBLING_UNKNOWN;
		else if (!bpf_cpumask_test_cpu(other, idle))
			found = SIBLING_BUSY;
		else if (found == SIBLING_NONE)
			found = SIBLING_IDLE;
	}
	scx_bpf_put_idle_cpumask(idle);
	scx_bpf_put_cpumask(online);
	return found;
}

static __always_inline bool is_core_free(int node)
{
	const struct cpumask *idle = scx_bpf_get_idle_smtmask_node(node);
	bool empty = bpf_cpumask_empty(idle);

	scx_bpf_put_idle_cpumask(idle);
	return !empty;
}

SEC("perf_event")
int smt(struct bpf_perf_event_data *ctx)
{
	u32 cpu = bpf_get_smp_processor_id(), zero = 0;
	enum sibling sibling;
	struct wanted *want;
	struct share *share;
	int node;

	__sync_fetch_and_add(&samples, 1);
	node = scx_bpf_cpu_node(cpu);
	share = bpf_map_lookup_elem(&nodes, &node);
	want = bpf_map_lookup_elem(&wanted, &zero);
	if (!share || !want || !is_wanted(want, cpu)) {
		__sync_fetch_and_add(&elsewhere, 1);
		return 0;
	}
	sibling = sibling_of(want, cpu, node);
	switch (sibling) {
	case SIBLING_NONE:
		__sync_fetch_and_add(&share->none, 1);
		break;
	case SIBLING_IDLE:
		__sync_fetch_and_add(&share->idle, 1);
		break;
	case SIBLING_BUSY:
		__sync_fetch_and_add(&share->busy, 1);
		if (is_core_free(node))
			__sync_fetch_and_add(&share->core_free, 1);
		break;
	case SIBLING_UNKNOWN:
		__sync_fetch_and_add(&share->unknown, 1);
		break;
	}
	count_stack(ctx, (u32)node << SIBLING_BITS | sibling);
	return 0;
}

/* Kernel functions ask for a licence string that the kernel knows. */
char licence[] SEC("license") = "Dual MIT/GPL";
