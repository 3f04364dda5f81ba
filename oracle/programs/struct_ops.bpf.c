/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Kernel operations: programs, plain values and zero members of a struct that the kernel calls through. */
#include "oracle.h"

struct sock;
struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
	void (*set_state)(struct sock *sk, u8 new_state);
	u32 (*undo_cwnd)(struct sock *sk);
	u32 flags;
	char name[16];
};

int seen;

static __noinline u32 half(u32 x) { keep(x); return x >> 1; }

SEC("struct_ops") u32 ssthresh(u64 *ctx) { return half(ctx[0] ? 2 : 4); }
SEC("struct_ops") void cong_avoid(u64 *ctx) { seen += ctx[1] + ctx[2]; }
SEC("struct_ops/undo_cwnd") u32 undo(u64 *ctx) { return half(seen); }

SEC(".struct_ops") struct tcp_congestion_ops oracle_ops = {
	.ssthresh = (void *)ssthresh,
	.cong_avoid = (void *)cong_avoid,
	.undo_cwnd = (void *)undo,
	.name = "bpf_oracle",
};

SEC(".struct_ops.link") struct tcp_congestion_ops oracle_linked = {
	.ssthresh = (void *)ssthresh,
	.cong_avoid = (void *)cong_avoid,
	.undo_cwnd = (void *)undo,
	.name = "bpf_oracle2",
};
