/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Global data: initialised, zero, constant; scalars, arrays, structs, offsets within them. */
#include "oracle.h"

struct point { s32 x, y; u64 weights[4]; };

int initialised = 42;
struct point points[3] = { { 1, 2, { 3, 4, 5, 6 } }, { 7, 8 } };
int zeroed;
u64 zeroed_array[17];
const volatile u32 constant = 7;
const volatile struct point constants[2] = { { .y = -1 }, { .x = -2 } };
const char text[] = "a text";

SEC("perf_event") int entry(void *ctx)
{
	u32 at = bpf_get_smp_processor_id();
	zeroed += initialised + constant;
	zeroed_array[3] = points[1].weights[2];
	if (at < 3)
		points[at].y = constants[at & 1].x + text[at];
	return points[2].x + zeroed_array[at & 15];
}
