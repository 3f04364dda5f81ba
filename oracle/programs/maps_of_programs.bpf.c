/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tail calls into a program array that starts with its programs in it. */
#include "oracle.h"

int stage_one(void *ctx);
int stage_two(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, sizeof(u32));
	__array(values, int(void *));
} stages SEC(".maps") = { .values = { [0] = (void *)&stage_one, [2] = (void *)&stage_two } };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} empty SEC(".maps");

SEC("perf_event") int stage_one(void *ctx)
{
	bpf_tail_call(ctx, &stages, 2);
	return 1;
}

SEC("perf_event") int stage_two(void *ctx)
{
	bpf_tail_call(ctx, &empty, 0);
	return 2;
}

SEC("perf_event") int entry(void *ctx)
{
	bpf_tail_call(ctx, &stages, bpf_get_smp_processor_id());
	return 0;
}
