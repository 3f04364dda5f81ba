/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The program of `skep profile`: counts stacks by process and command.
 *
 * Totals are honest: `samples` = the sum over `counts` + `uncounted`.
 */
#include <skep/stacks.h>

/* Samples that the program saw. */
u64 samples;

SEC("perf_event")
int profile(struct bpf_perf_event_data *ctx)
{
	__sync_fetch_and_add(&samples, 1);
	count_stack(ctx, 0);
	return 0;
}

/* bpf_get_stackid() and bpf_get_stack() ask for a licence string that the kernel knows. */
char licence[] SEC("license") = "Dual MIT/GPL";
