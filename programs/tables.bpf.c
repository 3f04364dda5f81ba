/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Maps without keys, and a trie of prefixes, asked from a program.
 */
#include <skep/bpf.h>

#define BPF_MAP_TYPE_LPM_TRIE 11
#define BPF_MAP_TYPE_QUEUE 22
#define BPF_MAP_TYPE_STACK 23
#define BPF_MAP_TYPE_BLOOM_FILTER 30
#define BPF_EXIST 2

static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static long (*const bpf_map_push_elem)(void *map, const void *value, u64 flags) = (void *)87;
static long (*const bpf_map_pop_elem)(void *map, void *value) = (void *)88;
static long (*const bpf_map_peek_elem)(void *map, void *value) = (void *)89;

#define KEYLESS(name, kind, entries)                                                                                  \
	struct {                                                                                                     \
		__uint(type, kind);                                                                                  \
		__uint(max_entries, entries);                                                                        \
		__uint(key_size, 0);                                                                                 \
		__uint(value_size, 8);                                                                               \
	} name SEC(".maps")

KEYLESS(queue, BPF_MAP_TYPE_QUEUE, 3);
KEYLESS(stack, BPF_MAP_TYPE_STACK, 3);
KEYLESS(filter, BPF_MAP_TYPE_BLOOM_FILTER, 1000);

struct prefix {
	u32 bits;
	u8 data[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 4);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, u64);
} routes SEC(".maps");

u64 done;
s64 answers[128];
u32 asked;

static __always_inline void tell(s64 answer)
{
	u32 at = asked;

	if (at < 128)
		answers[at] = answer;
	asked = at + 1;
}

static __always_inline void take(void *map)
{
	u64 value = 99;

	tell(bpf_map_peek_elem(map, &value));
	tell(value);
	value = 99;
	tell(bpf_map_pop_elem(map, &value));
	tell(value);
}

static __noinline int ask_queue(void)
{
	for (u64 value = 1; value < 5; value++)
		tell(bpf_map_push_elem(&queue, &value, BPF_ANY));
	for (u64 value = 5; value < 7; value++)
		tell(bpf_map_push_elem(&queue, &value, BPF_EXIST));
	for (u32 i = 0; i < 4; i++)
		take(&queue);
	return 0;
}

static __noinline int ask_stack(void)
{
	u64 seven = 7;

	for (u64 value = 1; value < 5; value++)
		tell(bpf_map_push_elem(&stack, &value, BPF_ANY));
	for (u64 value = 5; value < 7; value++)
		tell(bpf_map_push_elem(&stack, &value, BPF_EXIST));
	for (u32 i = 0; i < 4; i++)
		take(&stack);
	tell(bpf_map_push_elem(&stack, &seven, BPF_NOEXIST));
	tell(bpf_map_push_elem(&stack, &seven, 3));
	tell(bpf_map_push_elem(&stack, &seven, 4));
	return 0;
}

static __noinline int ask_filter(void)
{
	u64 seven = 7;

	tell(bpf_map_peek_elem(&filter, &seven));
	tell(bpf_map_push_elem(&filter, &seven, BPF_EXIST));
	tell(bpf_map_push_elem(&filter, &seven, BPF_ANY));
	tell(bpf_map_peek_elem(&filter, &seven));
	tell(seven);
	return 0;
}

static __always_inline void find(u32 bits, u8 a, u8 b)
{
	struct prefix key = { bits, { a, b, 1, 1 } };
	u64 *value = bpf_map_lookup_elem(&routes, &key);

	tell(value ? *value : -1);
}

static __always_inline void put(u32 bits, u8 a, u8 b, u64 value, u64 flags)
{
	struct prefix key = { bits, { a, b, 2, 2 } };

	tell(bpf_map_update_elem(&routes, &key, &value, flags));
}

/*
 * One update a sample at most: where programs interrupt, the kernel allocates from what it has at hand, and fills that up
 * afterwards.
 */
static __noinline int ask_trie(u64 step)
{
	struct prefix key = { 16, { 10, 1, 7, 7 } };

	switch (step) {
	case 1:
		find(32, 10, 1);
		put(8, 10, 0, 8, BPF_ANY);
		break;
	case 2:
		put(16, 10, 1, 16, BPF_ANY);
		break;
	case 3:
		put(12, 10, 0x10, 12, BPF_ANY);
		break;
	case 4:
		put(12, 10, 0x1f, 13, BPF_NOEXIST);
		break;
	case 5:
		put(12, 10, 0x1f, 14, BPF_EXIST);
		break;
	case 6:
		put(13, 10, 0x1f, 15, BPF_EXIST);
		break;
	case 7:
		put(33, 10, 0x1f, 16, BPF_ANY);
		break;
	case 8:
		put(0, 1, 1, 1, BPF_ANY);
		break;
	case 9:
		put(24, 1, 1, 1, BPF_ANY);
		break;
	case 10:
		put(8, 10, 3, 88, 3);
		break;
	case 11:
		find(32, 10, 1);
		find(32, 10, 0x15);
		find(32, 10, 2);
		find(15, 10, 1);
		find(32, 11, 1);
		find(33, 10, 1);
		tell(bpf_map_delete_elem(&routes, &key));
		tell(bpf_map_delete_elem(&routes, &key));
		key.bits = 40;
		tell(bpf_map_delete_elem(&routes, &key));
		find(32, 10, 1);
		break;
	default:
		break;
	}
	return 0;
}

/* User space says when there is something to do. */
u32 action;

SEC("perf_event")
int act(__unused void *ctx)
{
	u64 step = done;

	if (!action)
		return 0;
	action = 0;
	if (!step) {
		ask_queue();
		ask_stack();
		ask_filter();
	}
	ask_trie(step);
	__sync_fetch_and_add(&done, 1);
	return 0;
}

char licence[] SEC("license") = "Dual MIT/GPL";
