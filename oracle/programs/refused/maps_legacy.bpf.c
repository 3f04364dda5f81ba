/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* ours: accepts */
/* The old section of maps, which libbpf has not taken since 1.0. */
#include "oracle.h"

struct { u32 type, key_size, value_size, max_entries, map_flags; } table SEC("maps") = {
	BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(u64), 1, 0,
};

SEC("perf_event") int entry(void *ctx)
{
	u32 key = 0;
	return bpf_map_lookup_elem(&table, &key) != NULL;
}
