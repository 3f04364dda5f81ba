/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Counts the packets of each protocol, and drops those that are too short to have one.
 */
#include <skep/bpf.h>

/* The uapi's, of which the loads of packet pointers give 64 bits. */
struct xdp_md {
	u32 data;
	u32 data_end;
	u32 data_meta;
	u32 ingress_ifindex;
	u32 rx_queue_index;
	u32 egress_ifindex;
};

enum xdp_action {
	XDP_DROP = 1,
	XDP_PASS = 2,
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u64);
} packets SEC(".maps");

SEC("xdp")
int count_protocol(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	u32 protocol;
	u64 one = 1, *count;

	if (data + 24 > data_end)
		return XDP_DROP;
	/* Only IPv4, whose header says what it carries. */
	if (*(u16 *)(data + 12) != 0x0008)
		return XDP_PASS;
	protocol = *(u8 *)(data + 23);
	count = bpf_map_lookup_elem(&packets, &protocol);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&packets, &protocol, &one, BPF_NOEXIST);
	return XDP_PASS;
}

char licence[] SEC("license") = "Dual MIT/GPL";
