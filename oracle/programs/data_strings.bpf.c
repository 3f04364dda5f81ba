/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* String literals lie in sections that the compiler names, and pointers to them in tables. */
#include "oracle.h"

SEC("perf_event") int entry(void *ctx)
{
	static const char format[] = "%d and %s\n";
	bpf_trace_printk(format, sizeof(format), 1);
	const char *name = bpf_get_smp_processor_id() ? "another processor" : "the first one";
	return bpf_trace_printk(name, 6, 2) + name[3];
}
