/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A map whose sizes contradict its types. */
#include "oracle.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 8);
	__type(key, u32);
	__type(value, u64);
} table SEC(".maps");

SEC("perf_event") int entry(void *ctx)
{
	u32 key = 0;
	return bpf_map_lookup_elem(&table, &key) != NULL;
}
