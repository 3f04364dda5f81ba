/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Masks of CPUs, and the masks of idle ones that the kernel keeps for sched_ext.
 */
#pragma once

#include <stdbool.h>

#include <skep/kernel.h>

#define __ksym __attribute__((section(".ksyms")))

/* A mask that programs make; it begins with a `struct cpumask`, which is all that the functions here look at. */
struct bpf_cpumask {
	struct cpumask cpumask;
} __attribute__((preserve_access_index));

extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *cpumask) __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask) __ksym;
extern bool bpf_cpumask_empty(const struct cpumask *cpumask) __ksym;
extern int bpf_cpumask_populate(struct cpumask *cpumask, void *src, unsigned long src__sz) __ksym;

extern int scx_bpf_cpu_node(s32 cpu) __ksym;
extern const struct cpumask *scx_bpf_get_online_cpumask(void) __ksym;
extern void scx_bpf_put_cpumask(const struct cpumask *cpumask) __ksym;
extern const struct cpumask *scx_bpf_get_idle_cpumask_node(int node) __ksym;
extern const struct cpumask *scx_bpf_get_idle_smtmask_node(int node) __ksym;
extern void scx_bpf_put_idle_cpumask(const struct cpumask *idle_mask) __ksym;
