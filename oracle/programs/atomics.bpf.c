/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* flags: -mcpu=v3 */
/* Atomic operations of both widths, on global data. */
#include "oracle.h"

u64 wide = 1;
u32 narrow = 2;
u64 out[16];

SEC("perf_event") int entry(void *ctx)
{
	u64 expected = 1;
	u32 small = 2;
	out[0] = __sync_fetch_and_add(&wide, 5);
	out[1] = __sync_fetch_and_add(&narrow, 6);
	out[2] = __sync_fetch_and_and(&wide, 7);
	out[3] = __sync_fetch_and_or(&narrow, 8);
	out[4] = __sync_fetch_and_xor(&wide, 9);
	out[5] = __sync_val_compare_and_swap(&wide, expected, 10);
	out[6] = __sync_val_compare_and_swap(&narrow, small, 11);
	out[7] = __sync_lock_test_and_set(&wide, 12);
	out[8] = __sync_lock_test_and_set(&narrow, 13);
	__sync_fetch_and_add(&wide, 14);
	__sync_fetch_and_xor(&narrow, 15);
	return 0;
}
