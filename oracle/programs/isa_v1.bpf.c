/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* flags: -mcpu=v1 */
/* The oldest instructions: 64-bit arithmetic only, constants that need two slots. */
#include "oracle.h"

u64 out[4];

SEC("perf_event") int entry(void *ctx)
{
	u32 x = bpf_ktime_get_ns();
	out[0] = 0x123456789abcdef0ULL + x;
	out[1] = x > 100 ? 0xffffffff00000000ULL : 0x80000000ULL;
	out[2] = (u64)(s64)(s32)x * 7;
	return x == 5 || (int)x < -5;
}
