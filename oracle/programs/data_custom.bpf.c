/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sections of data with names of their own. */
#include "oracle.h"

int a SEC(".data.first") = 1;
int b SEC(".data.second") = 2;
int c SEC(".bss.hot");
const volatile int d SEC(".rodata.limits") = 4;
int e = 5;
u64 long_name SEC(".data.a_section_with_a_long_name") = 6;

SEC("perf_event") int entry(void *ctx)
{
	a += d;
	b += a;
	c += b;
	e += c;
	long_name += e;
	return long_name;
}
