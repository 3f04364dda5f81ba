/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Integers of fixed width, and the uapi structs that a perf_event program meets.
 *
 * The uapi structs are stable, so they carry no CO-RE relocations.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;
typedef signed long long s64;

#define TASK_COMM_LEN 16
#define PERF_MAX_STACK_DEPTH 127

enum {
	EFAULT = 14,
	EEXIST = 17,
};

/* x86-64 registers, in the order in which the kernel saves them. */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax;
	unsigned long ip, cs, flags, sp, ss;
};

/* The context of a perf_event program. */
struct bpf_perf_event_data {
	struct pt_regs regs;
	u64 sample_period;
	u64 addr;
};

/* What bpf_perf_prog_read_value() fills in. */
struct bpf_perf_event_value {
	u64 counter;
	u64 enabled;
	u64 running;
};
