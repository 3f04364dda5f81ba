/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Callbacks over maps, of timers, and a global one that calls a subprogram. */
#include "oracle.h"

struct bpf_timer { u64 opaque[2]; } __attribute__((aligned(8)));
struct element { u64 value; struct bpf_timer timer; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct element);
} elements SEC(".maps");

u64 seen;

static __noinline void note(u64 value) { seen += value; }

static long visit(void *map, u32 *key, struct element *element, void *data)
{
	note(element->value + *key);
	return 0;
}

__noinline int expired(void *map, u32 *key, struct element *element)
{
	if (element)
		note(*key);
	return 0;
}

SEC("tc") int entry(void *ctx)
{
	u32 key = 0;
	struct element *element = bpf_map_lookup_elem(&elements, &key);
	if (element) {
		bpf_timer_init(&element->timer, &elements, 1);
		bpf_timer_set_callback(&element->timer, expired);
	}
	return bpf_for_each_map_elem(&elements, visit, NULL, 0);
}
