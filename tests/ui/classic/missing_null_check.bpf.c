/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A lookup finds nothing the first time, and nobody asks. */
#include <skep/bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

SEC("perf_event")
int on_sample(void *ctx)
{
	u32 cpu = bpf_get_smp_processor_id();
	u64 *count = bpf_map_lookup_elem(&counts, &cpu);

	*count += 1;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
