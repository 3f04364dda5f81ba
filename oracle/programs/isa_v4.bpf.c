/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clang: 19 */
/* flags: -mcpu=v4 */
/* Signed division, sign extension, byte swaps, long jumps: carried over unchanged. */
#include "oracle.h"

s8 narrow = -3;
s64 out[8];

SEC("perf_event") int entry(void *ctx)
{
	s64 a = bpf_ktime_get_ns(), b = bpf_get_smp_processor_id() - 9;
	s32 c = a, d = b;
	out[0] = a / b;
	out[1] = a % b;
	out[2] = c / d;
	out[3] = (s8)a + (s16)b + narrow;
	out[4] = __builtin_bswap64(a) ^ __builtin_bswap32(c) ^ __builtin_bswap16(d);
	__asm__ volatile("gotol +1; r0 = 1; r0 = 2" ::: "r0");
	return out[4] > 5;
}
