/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Addresses of kernel symbols, of which nothing but the name is known. */
#include "oracle.h"

extern const void schedule __ksym;
extern const void do_exit __ksym;
extern const void there_is_no_such_symbol __ksym __weak;

u64 out[3];

SEC("perf_event") int entry(void *ctx)
{
	out[0] = (u64)&schedule;
	out[1] = (u64)&do_exit;
	out[2] = (u64)&there_is_no_such_symbol;
	return &there_is_no_such_symbol ? 1 : 0;
}
