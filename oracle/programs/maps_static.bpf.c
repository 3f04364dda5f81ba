/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A map whose attributes name types with tags, and one that many programs use through a subprogram. */
#include "oracle.h"

struct task_struct;
struct value { u64 seen; struct task_struct __kptr *task; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10);
	__type(key, u32);
	__type(value, struct value);
} holders SEC(".maps");

static __noinline struct value *holder(u32 key) { return bpf_map_lookup_elem(&holders, &key); }

SEC("tp_btf/sched_switch") int exchange(void *ctx)
{
	struct value *value = holder(1);
	if (!value)
		return 0;
	return bpf_kptr_xchg(&value->task, NULL) != NULL;
}

SEC("perf_event") int count(void *ctx)
{
	struct value *value = holder(2);
	return value ? ++value->seen : 0;
}
