/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hand-written insns: calls by number, references by name, jumps over both. */
#include "oracle.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} table SEC(".maps");

u64 word = 4;

static __noinline __attribute__((used)) u64 called(u64 x) { keep(x); return x + 1; }

SEC("perf_event") __attribute__((naked)) int entry(void *ctx)
{
	__asm__ volatile(
		"r1 = 3;"
		"call %[called];"
		"if r0 == 0 goto 1f;"
		"r1 = %[table] ll;"
		"r2 = r10;"
		"r2 += -4;"
		"*(u32 *)(r2 + 0) = r0;"
		"call 1;"
		"1: r1 = %[word] ll;"
		"r0 = *(u64 *)(r1 + 0);"
		"exit;"
		:
		: [called] "i"(called), [table] "i"(&table), [word] "i"(&word)
		: "r0", "r1", "r2", "r3", "r4", "r5", "memory");
}
