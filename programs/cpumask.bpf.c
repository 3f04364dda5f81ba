/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls every function of CPU masks, and keeps what came of it: on masks that it made, on masks of plain memory, with
 * CPUs that there are and that there cannot be.
 */
#include <skep/masks.h>

#define MAX_NUMBERS 128
#define MAX_STATES 24

struct outcome {
	/* Answers, in the order of the calls. */
	u32 asked;
	u32 kept;
	u64 numbers[MAX_NUMBERS];
	/* Whole words of masks after changes. */
	u64 states[MAX_STATES][MASK_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct outcome);
} outcomes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[160]);
} plain SEC(".maps");

/* The first run does it all. */
u64 runs;
/* Some number that no CPU can have. */
u32 no_cpu = 100000;

static __always_inline void note(struct outcome *out, u64 number)
{
	u32 at = out->asked;

	if (at < MAX_NUMBERS)
		out->numbers[at] = number;
	out->asked = at + 1;
}

static __always_inline void keep(struct outcome *out, const struct bpf_cpumask *mask)
{
	u32 at = out->kept;

	if (at < MAX_STATES) {
		out->states[at][0] = mask->cpumask.bits[0];
		out->states[at][1] = mask->cpumask.bits[1];
		out->states[at][2] = mask->cpumask.bits[2];
		out->states[at][3] = mask->cpumask.bits[3];
	}
	out->kept = at + 1;
}

#define MASK(mask) ((const struct cpumask *)(mask))

static __noinline int single_cpus(struct outcome *out, struct bpf_cpumask *mask)
{
	if (!out || !mask)
		return 0;
	note(out, bpf_cpumask_test_and_set_cpu(0, mask));
	note(out, bpf_cpumask_test_and_set_cpu(0, mask));
	note(out, bpf_cpumask_test_cpu(0, MASK(mask)));
	bpf_cpumask_set_cpu(1, mask);
	keep(out, mask);
	note(out, bpf_cpumask_test_and_clear_cpu(1, mask));
	note(out, bpf_cpumask_test_and_clear_cpu(1, mask));
	bpf_cpumask_clear_cpu(0, mask);
	keep(out, mask);
	bpf_cpumask_set_cpu(no_cpu, mask);
	bpf_cpumask_set_cpu(-1, mask);
	note(out, bpf_cpumask_test_and_set_cpu(no_cpu, mask));
	note(out, bpf_cpumask_test_cpu(no_cpu, MASK(mask)));
	note(out, bpf_cpumask_test_and_clear_cpu(no_cpu, mask));
	bpf_cpumask_clear_cpu(no_cpu, mask);
	keep(out, mask);
	return 0;
}

static __noinline int questions(struct outcome *out, struct bpf_cpumask *a, struct bpf_cpumask *b)
{
	if (!out || !a || !b)
		return 0;
	note(out, bpf_cpumask_first(MASK(a)));
	note(out, bpf_cpumask_first_zero(MASK(a)));
	note(out, bpf_cpumask_first_and(MASK(a), MASK(b)));
	note(out, bpf_cpumask_equal(MASK(a), MASK(b)));
	note(out, bpf_cpumask_intersects(MASK(a), MASK(b)));
	note(out, bpf_cpumask_subset(MASK(a), MASK(b)));
	note(out, bpf_cpumask_subset(MASK(b), MASK(a)));
	note(out, bpf_cpumask_empty(MASK(a)));
	note(out, bpf_cpumask_full(MASK(a)));
	note(out, bpf_cpumask_weight(MASK(a)));
	return 0;
}

static __noinline int combinations(struct outcome *out, struct bpf_cpumask *to, struct bpf_cpumask *a,
				   struct bpf_cpumask *b)
{
	if (!out || !to || !a || !b)
		return 0;
	note(out, bpf_cpumask_and(to, MASK(a), MASK(b)));
	keep(out, to);
	bpf_cpumask_or(to, MASK(a), MASK(b));
	keep(out, to);
	bpf_cpumask_xor(to, MASK(a), MASK(b));
	keep(out, to);
	bpf_cpumask_copy(to, MASK(a));
	keep(out, to);
	bpf_cpumask_clear(to);
	keep(out, to);
	return 0;
}

/* CPUs of a full mask take turns: which comes first depends on who asked on this CPU before. */
static __noinline int turns(struct outcome *out, struct bpf_cpumask *all, struct bpf_cpumask *none)
{
	u32 first, again;

	if (!out || !all || !none)
		return 0;
	first = bpf_cpumask_any_distribute(MASK(all));
	again = bpf_cpumask_any_distribute(MASK(all));
	note(out, bpf_cpumask_test_cpu(first, MASK(all)));
	note(out, first == again);
	note(out, bpf_cpumask_any_and_distribute(MASK(all), MASK(all)) == again);
	note(out, bpf_cpumask_any_distribute(MASK(none)));
	note(out, bpf_cpumask_any_and_distribute(MASK(all), MASK(none)));
	return 0;
}

/* Sections within each other. */
static __noinline int sections(struct outcome *out, struct bpf_cpumask *mask)
{
	if (!out || !mask)
		return 0;
	bpf_rcu_read_lock();
	note(out, bpf_cpumask_weight(MASK(mask)));
	bpf_preempt_disable();
	note(out, bpf_cpumask_first(MASK(mask)));
	bpf_preempt_enable();
	bpf_rcu_read_unlock();
	return 0;
}

static __noinline int populated(struct outcome *out, struct bpf_cpumask *mask, u64 *memory)
{
	if (!out || !mask || !memory || !bpf_cpumask_populate)
		return 0;
	note(out, bpf_cpumask_populate((struct cpumask *)mask, memory, 0));
	note(out, bpf_cpumask_populate((struct cpumask *)mask, memory, 7));
	keep(out, mask);
	note(out, bpf_cpumask_populate((struct cpumask *)mask, memory, 1024));
	keep(out, mask);
	note(out, bpf_cpumask_populate((struct cpumask *)mask, (void *)memory + 1, 1024));
	keep(out, mask);
	return 0;
}

SEC("perf_event")
int masks(__unused void *ctx)
{
	struct bpf_cpumask *a, *b, *to, *same;
	struct outcome *out;
	u64 *memory;
	u32 zero = 0;

	if (__sync_fetch_and_add(&runs, 1))
		return 0;
	out = bpf_map_lookup_elem(&outcomes, &zero);
	memory = bpf_map_lookup_elem(&plain, &zero);
	if (!out || !memory)
		return 0;
	a = bpf_cpumask_create();
	if (!a)
		return 0;
	b = bpf_cpumask_create();
	if (!b)
		goto release_a;
	to = bpf_cpumask_create();
	if (!to)
		goto release_b;
	keep(out, a);
	note(out, a->usage.refs.counter);
	same = bpf_cpumask_acquire(a);
	note(out, same == a);
	note(out, a->usage.refs.counter);
	bpf_cpumask_release(same);
	note(out, a->usage.refs.counter);
	single_cpus(out, a);
	questions(out, a, b);
	bpf_cpumask_set_cpu(0, a);
	questions(out, a, b);
	combinations(out, to, a, b);
	bpf_cpumask_setall(b);
	keep(out, b);
	questions(out, b, a);
	combinations(out, to, a, b);
	bpf_cpumask_clear(to);
	turns(out, b, to);
	/* Bits past the last CPU, and words past the last one that holds CPUs. */
	memory[0] = 0xfedcba9876543210;
	memory[1] = memory[2] = memory[3] = 0xaaaaaaaaaaaaaaaa;
	populated(out, to, memory);
	questions(out, to, a);
	sections(out, to);
	bpf_cpumask_release(to);
release_b:
	bpf_cpumask_release(b);
release_a:
	bpf_cpumask_release(a);
	return 0;
}

/* Memory of a map as masks: every word is seen from outside. */
SEC("perf_event")
int plain_memory(__unused void *ctx)
{
	struct bpf_cpumask *a, *b, *c;
	struct outcome *out;
	u64 *memory;
	u32 zero = 0;

	if (__sync_fetch_and_add(&runs, 1))
		return 0;
	out = bpf_map_lookup_elem(&outcomes, &zero);
	memory = bpf_map_lookup_elem(&plain, &zero);
	if (!out || !memory)
		return 0;
	for (u32 i = 0; i < 32; i++)
		memory[i] = 0x0123456789abcdef * (i + 1);
	a = (struct bpf_cpumask *)memory;
	b = (struct bpf_cpumask *)(memory + 6);
	c = (struct bpf_cpumask *)(memory + 12);
	questions(out, a, b);
	bpf_cpumask_set_cpu(1, a);
	note(out, bpf_cpumask_test_and_clear_cpu(0, b));
	bpf_cpumask_copy(c, MASK(a));
	note(out, memory[12] ^ memory[15]);
	note(out, bpf_cpumask_and(c, MASK(a), MASK(b)));
	note(out, memory[12]);
	bpf_cpumask_or(c, MASK(a), MASK(b));
	note(out, memory[12]);
	bpf_cpumask_setall(b);
	bpf_cpumask_clear(a);
	bpf_cpumask_xor((struct bpf_cpumask *)(memory + 18), MASK(b), MASK(c));
	return 0;
}

char licence[] SEC("license") = "Dual MIT/GPL";
