/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A member that the kernel's struct lacks, and that is not zero. */
#include "oracle.h"

struct tcp_congestion_ops { u32 (*there_is_no_such_operation)(void *sk); char name[16]; };

SEC("struct_ops") u32 operation(u64 *ctx) { return ctx[0] != 0; }

SEC(".struct_ops") struct tcp_congestion_ops ops = {
	.there_is_no_such_operation = (void *)operation,
	.name = "bpf_refused",
};
