/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Many references of every kind in a program of some thousand insns. */
#include "oracle.h"

struct task_struct { int pid; int tgid; unsigned int flags; u64 start_time; } __core;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u64);
	__type(value, u64);
} table SEC(".maps");

u64 sums[64];
const volatile u64 limits[64] = { 1, 2, 3 };

static __noinline u64 mix(u64 x) { keep(x); return x * 0x9e3779b97f4a7c15ULL; }

#define ONE(n)                                                     \
	do {                                                       \
		u64 key = mix(n), word = 0, *value;                \
		core_read(&word, &task->start_time);               \
		value = bpf_map_lookup_elem(&table, &key);         \
		if (value)                                         \
			*value += word + limits[(n) % 64];         \
		sums[(n) % 64] += core_offset(task->flags) + word; \
	} while (0)
#define FOUR(n) ONE(n); ONE(n + 1); ONE(n + 2); ONE(n + 3)
#define SIXTEEN(n) FOUR(n); FOUR(n + 4); FOUR(n + 8); FOUR(n + 12)

SEC("perf_event") int entry(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	SIXTEEN(0);
	SIXTEEN(16);
	SIXTEEN(32);
	SIXTEEN(48);
	return 0;
}
