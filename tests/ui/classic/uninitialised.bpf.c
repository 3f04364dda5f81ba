/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A register that nothing was assigned to decides what is returned. */
#include <skep/bpf.h>

SEC("perf_event")
__attribute__((naked)) int on_sample(void *ctx)
{
	asm volatile(
		"if r1 == 0 goto 1f;"
		"r0 = r6;"
		"1:"
		"exit;");
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
