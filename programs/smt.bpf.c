/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Counts samples by whether another thread of the sampled CPU's core was busy at that moment, for each NUMA node, on
 * the CPUs that user space chose.
 *
 * It asks the masks of idle CPUs that the kernel keeps while a sched_ext scheduler with
 * SCX_OPS_BUILTIN_IDLE_PER_NODE is loaded. A sibling is busy when it is not in the mask of idle CPUs; the sampled CPU
 * is busy itself, so that its own core is never in the mask of idle cores: what that one tells is whether another
 * core of the node was free.
 *
 * Totals are honest: `samples` = all counts of `nodes` + `elsewhere`.
 */
#include <skep/bpf.h>
#include <skep/cpumask.h>

/* CPUs and nodes of the largest machine, and threads of one core beside a CPU itself. */
#define MAX_CPUS 8192
#define MAX_NODES 1024
#define MAX_SIBLINGS 7

/* Samples of a node. */
struct share {
	/* All other threads of the core were idle, or there is none. */
	u64 sibling_idle;
	/* Another thread was busy, and no core of the node was free. */
	u64 sibling_busy;
	/* Another thread was busy, although a whole core of the node was free. */
	u64 core_free;
};

/* The other threads of a CPU's core. */
struct siblings {
	u32 nr;
	u32 cpus[MAX_SIBLINGS];
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

/* CPUs whose samples count, a bit each; filled by user space. */
struct chosen {
	u64 words[MAX_CPUS / 64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct chosen);
} chosen SEC(".maps");

/* Samples that the program saw. */
u64 samples;
/* Samples of CPUs that were not chosen, or whose node is not known. */
u64 elsewhere;

static __always_inline bool is_chosen(u32 cpu)
{
	struct bpf_cpumask *mask;
	struct chosen *cpus;
	bool is = false;
	u32 zero = 0;

	cpus = bpf_map_lookup_elem(&chosen, &zero);
	if (!cpus)
		return false;
	mask = bpf_cpumask_create();
	if (!mask)
		return false;
	if (!bpf_cpumask_populate((struct cpumask *)mask, cpus, sizeof(*cpus)))
		is = bpf_cpumask_test_cpu(cpu, (const struct cpumask *)mask);
	bpf_cpumask_release(mask);
	return is;
}

static __always_inline bool is_sibling_busy(u32 cpu, int node)
{
	const struct cpumask *idle;
	struct siblings *core;
	bool busy = false;

	core = bpf_map_lookup_elem(&cores, &cpu);
	if (!core)
		return false;
	idle = scx_bpf_get_idle_cpumask_node(node);
	for (u32 i = 0; i < MAX_SIBLINGS && i < core->nr; i++)
		busy |= !bpf_cpumask_test_cpu(core->cpus[i], idle);
	scx_bpf_put_idle_cpumask(idle);
	return busy;
}

static __always_inline bool is_core_free(int node)
{
	const struct cpumask *idle = scx_bpf_get_idle_smtmask_node(node);
	bool empty = bpf_cpumask_empty(idle);

	scx_bpf_put_idle_cpumask(idle);
	return !empty;
}

SEC("perf_event")
int smt(struct bpf_perf_event_data *ctx __unused)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct share *share;
	u64 *count;
	int node;

	__sync_fetch_and_add(&samples, 1);
	node = scx_bpf_cpu_node(cpu);
	share = bpf_map_lookup_elem(&nodes, &node);
	if (!share || !is_chosen(cpu)) {
		__sync_fetch_and_add(&elsewhere, 1);
		return 0;
	}
	if (!is_sibling_busy(cpu, node))
		count = &share->sibling_idle;
	else if (is_core_free(node))
		count = &share->core_free;
	else
		count = &share->sibling_busy;
	__sync_fetch_and_add(count, 1);
	return 0;
}

/* Kernel functions ask for a licence string that the kernel knows. */
char licence[] SEC("license") = "Dual MIT/GPL";
