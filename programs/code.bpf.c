/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Counts samples by the first bytes of the code that they hit: which instructions is a process busy with?
 *
 * Where the code cannot be read, `missing` counts the sample.
 */
#include <skep/bpf.h>

#define CODE_BYTES 4

static long (*const bpf_probe_read_user)(void *dst, u32 size, const void *src) = (void *)112;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u32);
	__type(value, u64);
} code SEC(".maps");

u64 missing;

SEC("perf_event")
int count_code(struct bpf_perf_event_data *ctx)
{
	u64 *count, one = 1;
	u32 bytes = 0;

	if (bpf_probe_read_user(&bytes, CODE_BYTES, (const void *)ctx->regs.ip)) {
		__sync_fetch_and_add(&missing, 1);
		return 0;
	}
	count = bpf_map_lookup_elem(&code, &bytes);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&code, &bytes, &one, BPF_NOEXIST);
	return 0;
}

char licence[] SEC("license") = "Dual MIT/GPL";
