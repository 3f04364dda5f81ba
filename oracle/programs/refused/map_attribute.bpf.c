/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A map with an attribute that nobody knows. */
#include "oracle.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
	__uint(there_is_no_such_attribute, 1);
} table SEC(".maps");

SEC("perf_event") int entry(void *ctx)
{
	u32 key = 0;
	return bpf_map_lookup_elem(&table, &key) != NULL;
}
