/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An index that nobody bounds leads out of an array. */
#include <skep/bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[16]);
} buckets SEC(".maps");

SEC("perf_event")
int on_sample(void *ctx)
{
	u32 zero = 0;
	u64 *bucket = bpf_map_lookup_elem(&buckets, &zero);

	if (!bucket)
		return 0;
	bucket[bpf_get_smp_processor_id()] += 1;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
