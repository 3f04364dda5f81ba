/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Stacks counted by process, command and group: the maps of the programs of `skep profile`, and what fills them.
 *
 * Totals are honest: the calls of count_stack() = the sum over `counts` + `uncounted`, and `unplaced` of the counted
 * samples lack a stack that could not be kept (their id is -EEXIST).
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

struct profile_key {
	stack_id user;
	stack_id kernel;
	u32 tgid;
	/* What else the program tells stacks apart by; 0 for nothing. */
	u32 group;
	char comm[TASK_COMM_LEN];
};

/* A stack whose bucket in `stackmap` already held another one; `nr` words are valid. */
struct collided_stack {
	u64 nr;
	u64 ips[PERF_MAX_STACK_DEPTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct profile_key);
	__type(value, u64);
} counts SEC(".maps");

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

/* Samples that `counts` had no room for. */
u64 uncounted;
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

/* Counts both stacks of the sample in a group. */
static __always_inline void count_stack(struct bpf_perf_event_data *ctx, u32 group)
{
	struct profile_key key = {};
	u64 *count, one = 1;

	/* No BPF_F_FAST_STACK_CMP: stacks of equal hash would be taken for the same one. */
	key.user = place(ctx, BPF_F_USER_STACK);
	key.kernel = place(ctx, 0);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.group = group;
	bpf_get_current_comm(key.comm, sizeof(key.comm));

	count = bpf_map_lookup_elem(&counts, &key);
	if (count) {
		__sync_fetch_and_add(count, 1);
		return;
	}
	/* Another CPU may have been first: then BPF_NOEXIST fails, and the count is there now. */
	if (bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST) == 0)
		return;
	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&uncounted, 1);
}
