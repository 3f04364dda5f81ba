/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A kernel function that came with Linux 6.15, and an older kernel. */
#include <skep/bpf.h>

struct bpf_cpumask {
} __attribute__((preserve_access_index));

extern int bpf_cpumask_populate(struct bpf_cpumask *cpumask, void *src, u64 src__sz) __attribute__((section(".ksyms")));
extern struct bpf_cpumask *bpf_cpumask_create(void) __attribute__((section(".ksyms")));
extern void bpf_cpumask_release(struct bpf_cpumask *cpumask) __attribute__((section(".ksyms")));

u64 cpus[128];

SEC("tp/sched/sched_switch")
int on_switch(void *ctx)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();

	if (!mask)
		return 0;
	bpf_cpumask_populate(mask, cpus, sizeof(cpus));
	bpf_cpumask_release(mask);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
