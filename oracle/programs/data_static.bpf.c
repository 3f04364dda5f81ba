/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Variables of a file and of a function are reached through their section's symbol and an offset. */
#include "oracle.h"

static int file_zero;
static int file_set = 11;
static const volatile int file_constant = 12;

static __noinline int step(int x)
{
	static int called;
	static u64 log[8] = { 1, 2, 3 };
	called++;
	log[called & 7] += x;
	return log[x & 7] + file_constant;
}

SEC("perf_event") int entry(void *ctx)
{
	static volatile int here = 13;
	here++;
	file_zero += here;
	file_set ^= file_zero;
	return step(file_set) + step(here);
}
