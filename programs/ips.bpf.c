/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Counts the instruction pointers at which samples hit.
 *
 * What it does is the second example of the public documentation of BPF_PROG_TYPE_PERF_EVENT, written anew.
 */
#include <skep/bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u32);
} ip_map SEC(".maps");

SEC("perf_event")
int count_ip(struct bpf_perf_event_data *ctx)
{
	u64 ip = ctx->regs.ip;
	u32 *count, one = 1;

	count = bpf_map_lookup_elem(&ip_map, &ip);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&ip_map, &ip, &one, BPF_NOEXIST);
	return 0;
}

/* The licence string is one that the kernel knows, as for the other programs here. */
char licence[] SEC("license") = "Dual MIT/GPL";
