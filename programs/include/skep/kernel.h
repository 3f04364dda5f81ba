/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's own structs, as far as the programs here read them.
 *
 * Only names and types of the members matter: each access carries a CO-RE relocation, so the loader puts in
 * the offset that the target kernel's BTF gives.
 */
#pragma once

#include <skep/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct cpumask {
	unsigned long bits[1];
};

struct task_struct {
	int pid;
	int tgid;
	char comm[TASK_COMM_LEN];
	struct task_struct *real_parent;
	const struct cpumask *cpus_ptr;
};

#pragma clang attribute pop
