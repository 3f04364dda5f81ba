/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clang: 16 */
/* Enums of 64 bits, here and in the kernel. */
#include "oracle.h"

/* In the kernel it has values beyond 32 bits. */
enum { BPF_F_CURRENT_CPU___ours = 1 };
enum wide { WIDE_SMALL = 1, WIDE_LARGE = 0x100000000ULL, WIDE_MORE = 0xffffffff00000000ULL };
enum negative { NEGATIVE = -0x100000000LL, POSITIVE = 5 };
enum perf_event_sample_format { PERF_SAMPLE_IP = 0x1ULL, PERF_SAMPLE_RAW = 0x7700000000ULL };

u64 out[16];

SEC("perf_event") int entry(void *ctx)
{
	out[0] = core_enum_exists(enum wide, WIDE_LARGE);
	out[1] = core_enum_exists(enum negative, NEGATIVE);
	out[2] = core_enum_exists(enum perf_event_sample_format, PERF_SAMPLE_RAW);
	out[3] = core_enum_value(enum perf_event_sample_format, PERF_SAMPLE_RAW);
	out[4] = core_enum_value(enum perf_event_sample_format, PERF_SAMPLE_IP);
	return 0;
}
