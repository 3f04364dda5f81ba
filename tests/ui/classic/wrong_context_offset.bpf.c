/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The context is read beyond its last field. */
#include <skep/bpf.h>

struct sample {
	u64 regs[21];
	u64 period;
	u64 addr;
	u64 weight;
};

u64 heaviest;

SEC("perf_event")
int on_sample(struct sample *ctx)
{
	u64 weight = ctx->weight;

	if (weight > heaviest)
		heaviest = weight;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
