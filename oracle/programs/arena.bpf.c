/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clang: 19 */
/* flags: -mcpu=v4 */
/* Variables that live in an arena, and casts between its address space and ours. */
#include "oracle.h"

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 100);
} arena SEC(".maps");

struct node { struct node __arena *next; u64 value; };

int __arena counter __attribute__((section(".addr_space.1"), used)) = 5;
struct node __arena head __attribute__((section(".addr_space.1"), used));
u64 __arena table[32] __attribute__((section(".addr_space.1"), used)) = { 1, 2, 3 };

SEC("syscall") int entry(void *ctx)
{
	u32 key = 0;
	counter++;
	head.value += counter + table[7];
	table[2] = head.next ? head.next->value : 0;
	return bpf_map_lookup_elem(&arena, &key) != NULL;
}
