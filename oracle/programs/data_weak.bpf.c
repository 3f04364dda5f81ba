/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Weak and hidden variables; a variable that is larger than it needs for alignment's sake. */
#include "oracle.h"

int weak_set __weak = 21;
int hidden_zero __hidden;
struct { char c; u64 aligned __attribute__((aligned(64))); } padded = { 'x', 22 };
u8 bytes[3] = { 1, 2, 3 };
u16 after_bytes = 4;

SEC("perf_event") int entry(void *ctx)
{
	hidden_zero += weak_set;
	padded.aligned += hidden_zero;
	bytes[1] = padded.c;
	return after_bytes + bytes[2];
}
