/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps of many kinds, with every attribute that a definition can have. */
#include "oracle.h"

struct key { u32 a; u16 b; u8 c[2]; };

#define MAP(name, kind, k, v, n, f)   \
	struct {                      \
		__uint(type, kind);   \
		__type(key, k);       \
		__type(value, v);     \
		__uint(max_entries, n); \
		__uint(map_flags, f); \
	} name SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, struct key, u64[3], 100, BPF_F_NO_PREALLOC);
MAP(array, BPF_MAP_TYPE_ARRAY, u32, struct key, 10, BPF_F_MMAPABLE);
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, u64, u32, 7, 0);
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, u32, u64, 3, 0);
MAP(lru_hash, BPF_MAP_TYPE_LRU_HASH, u64, struct key, 64, 0);
MAP(lru_percpu_hash, BPF_MAP_TYPE_LRU_PERCPU_HASH, u64, u64, 64, 0);
MAP(readonly, BPF_MAP_TYPE_ARRAY, u32, u64, 2, BPF_F_RDONLY_PROG);

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 127 * sizeof(u64));
	__uint(max_entries, 1024);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__type(value, u64);
	__uint(max_entries, 100);
	__uint(map_extra, 3);
} bloom SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__type(value, u32);
	__uint(max_entries, 8);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(key_size, 4);
	__uint(value_size, 16);
	__uint(max_entries, 5);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 0);
} on_node SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct key);
	__type(value, u32);
	__uint(max_entries, 255);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} trie SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct key);
} storage SEC(".maps");

#define USE(map) ok += bpf_map_delete_elem(&map, &key)

SEC("perf_event") int entry(void *ctx)
{
	struct key key = {};
	int ok = 0;
	USE(hash);
	USE(array);
	USE(percpu_hash);
	USE(percpu_array);
	USE(lru_hash);
	USE(lru_percpu_hash);
	USE(readonly);
	USE(stacks);
	USE(events);
	USE(ring);
	USE(bloom);
	USE(queue);
	USE(on_node);
	USE(trie);
	USE(storage);
	return ok;
}
