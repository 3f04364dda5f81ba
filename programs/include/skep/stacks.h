/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Keeps every stack that a sample has, in two maps: a stack map, and a hash for those that found no place there.
 */
#pragma once

#include <skep/bpf.h>

/*
 * A stack id, kernel or user:
 *   negative     an errno: -EFAULT where there is no such stack, -EEXIST where it found no place
 *   below 2^32   an id in `stackmap`
 *   else         a key of `collided`
 */
typedef s64 stack_id;

/* A stack whose bucket in `stackmap` already held another one; `nr` words are valid. */
struct collided_stack {
	u64 nr;
	u64 ips[PERF_MAX_STACK_DEPTH];
};

/* 16,384 stacks of up to 127 frames: 16 MiB when full. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(u32));
	__uint(value_size, PERF_MAX_STACK_DEPTH * sizeof(u64));
} stackmap SEC(".maps");

/* A stack map drops a stack whose bucket is taken, so a second place is needed: 8 MiB when full. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, stack_id);
	__type(value, struct collided_stack);
} collided SEC(".maps");

/* A stack is too large for the program's own 512 bytes of stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct collided_stack);
} scratch SEC(".maps");

/* Stacks of counted samples that neither map had room for. */
u64 unplaced;

/* Keeps a stack under a 63-bit hash of its own: 2^32 and above, so that no id of `stackmap` is met. */
static __noinline stack_id place_collided(struct bpf_perf_event_data *ctx, u64 flags)
{
	struct collided_stack *stack;
	u64 hash = 0xcbf29ce484222325ULL;
	u32 zero = 0;
	stack_id id;
	long bytes;

	stack = bpf_map_lookup_elem(&scratch, &zero);
	if (!stack)
		return -EEXIST;
	/* Also clears the words after the last frame. */
	bytes = bpf_get_stack(ctx, stack->ips, sizeof(stack->ips), flags & BPF_F_USER_STACK);
	if (bytes < 0)
		return bytes;
	stack->nr = (u64)bytes / sizeof(u64);
	for (u32 i = 0; i < PERF_MAX_STACK_DEPTH && i < stack->nr; i++) {
		hash = (hash ^ stack->ips[i]) * 0x100000001b3ULL;
		hash ^= hash >> 29;
	}
	id = (hash >> 1) | 1ULL << 32;

	if (bpf_map_lookup_elem(&collided, &id))
		return id;
	return bpf_map_update_elem(&collided, &id, stack, BPF_ANY) ? -EEXIST : id;
}

static __always_inline stack_id place(struct bpf_perf_event_data *ctx, u64 flags)
{
	stack_id id = bpf_get_stackid(ctx, &stackmap, flags);

	if (id == -EEXIST) {
		id = place_collided(ctx, flags);
		if (id == -EEXIST)
			__sync_fetch_and_add(&unplaced, 1);
	}
	return id;
}
