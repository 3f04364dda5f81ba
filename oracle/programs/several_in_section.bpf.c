/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Several programs of one section, each with references of its own. */
#include "oracle.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} first_map SEC(".maps"), second_map SEC(".maps");

int count;

SEC("perf_event") int first(void *ctx)
{
	u32 key = 1;
	u64 *value = bpf_map_lookup_elem(&first_map, &key);
	return value ? *value : 0;
}

SEC("perf_event") int second(void *ctx)
{
	count += 2;
	return count;
}

SEC("perf_event") int third(void *ctx)
{
	u32 key = 3;
	u64 *value = bpf_map_lookup_elem(&second_map, &key);
	if (value)
		*value += count;
	return 0;
}
