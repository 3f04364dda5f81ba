/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * CPU masks: the kernel functions that make and ask them, and what it takes to keep them in maps.
 *
 * Four words of bits are as many as any kernel for more than 192 CPUs has.
 */
#pragma once

#include <skep/kptr.h>

#define BPF_MAP_TYPE_PERCPU_HASH 5
#define BPF_MAP_TYPE_LRU_HASH 9
#define BPF_MAP_TYPE_LRU_PERCPU_HASH 10

#define MASK_WORDS 4

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct cpumask {
	unsigned long bits[MASK_WORDS];
};

typedef struct {
	int counter;
} atomic_t;

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

struct bpf_cpumask {
	struct cpumask cpumask;
	refcount_t usage;
};

struct task_struct {
	int pid;
	const struct cpumask *cpus_ptr;
};

#pragma clang attribute pop

static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;

struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask *cpumask) __ksym;
void bpf_cpumask_release(struct bpf_cpumask *cpumask) __ksym;
u32 bpf_cpumask_first(const struct cpumask *cpumask) __ksym;
u32 bpf_cpumask_first_zero(const struct cpumask *cpumask) __ksym;
u32 bpf_cpumask_first_and(const struct cpumask *src1, const struct cpumask *src2) __ksym;
void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *cpumask) __ksym;
void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask) __ksym;
_Bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask) __ksym;
_Bool bpf_cpumask_test_and_set_cpu(u32 cpu, struct bpf_cpumask *cpumask) __ksym;
_Bool bpf_cpumask_test_and_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask) __ksym;
void bpf_cpumask_setall(struct bpf_cpumask *cpumask) __ksym;
void bpf_cpumask_clear(struct bpf_cpumask *cpumask) __ksym;
_Bool bpf_cpumask_and(struct bpf_cpumask *dst, const struct cpumask *src1, const struct cpumask *src2) __ksym;
void bpf_cpumask_or(struct bpf_cpumask *dst, const struct cpumask *src1, const struct cpumask *src2) __ksym;
void bpf_cpumask_xor(struct bpf_cpumask *dst, const struct cpumask *src1, const struct cpumask *src2) __ksym;
_Bool bpf_cpumask_equal(const struct cpumask *src1, const struct cpumask *src2) __ksym;
_Bool bpf_cpumask_intersects(const struct cpumask *src1, const struct cpumask *src2) __ksym;
_Bool bpf_cpumask_subset(const struct cpumask *src1, const struct cpumask *src2) __ksym;
_Bool bpf_cpumask_empty(const struct cpumask *cpumask) __ksym;
_Bool bpf_cpumask_full(const struct cpumask *cpumask) __ksym;
void bpf_cpumask_copy(struct bpf_cpumask *dst, const struct cpumask *src) __ksym;
u32 bpf_cpumask_any_distribute(const struct cpumask *cpumask) __ksym;
u32 bpf_cpumask_any_and_distribute(const struct cpumask *src1, const struct cpumask *src2) __ksym;
u32 bpf_cpumask_weight(const struct cpumask *cpumask) __ksym;
int bpf_cpumask_populate(struct cpumask *cpumask, void *src, u64 src__sz) __ksym __attribute__((weak));

void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;
void bpf_preempt_disable(void) __ksym;
void bpf_preempt_enable(void) __ksym;
