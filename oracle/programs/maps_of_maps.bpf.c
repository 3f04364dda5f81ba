/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps of maps, with and without first elements. */
#include "oracle.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} one SEC(".maps"), two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 5);
	__type(key, u32);
	__array(values, struct inner);
} by_index SEC(".maps") = { .values = { [1] = &one, [3] = &two, [4] = &one } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 8);
	__uint(key_size, sizeof(u32));
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 2);
		__type(key, u64);
		__type(value, u32);
	});
} by_key SEC(".maps");

SEC("perf_event") int entry(void *ctx)
{
	u32 key = 1;
	void *inner = bpf_map_lookup_elem(&by_index, &key);
	u64 *value = inner ? bpf_map_lookup_elem(inner, &key) : NULL;
	void *other = bpf_map_lookup_elem(&by_key, &key);
	u64 *direct = bpf_map_lookup_elem(&two, &key);
	return (value ? *value : 0) + (other != NULL) + (direct != NULL);
}
