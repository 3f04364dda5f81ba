/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Members of anonymous structs and unions; constness and typedefs on the way make no difference. */
#include "oracle.h"

typedef struct { int counter; } refcount_like;
typedef unsigned int gfp_like;
struct sock_common {
	union { u64 skc_addrpair; struct { u32 skc_daddr, skc_rcv_saddr; }; };
	u16 skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_reuse : 4;
	unsigned char skc_reuseport : 1;
} __core;
struct sock { struct sock_common __sk_common; const int sk_rcvbuf; } __core;

SEC("perf_event") int entry(void *ctx)
{
	struct sock *sk = (void *)bpf_get_current_task();
	u32 daddr = 0;
	u64 pair = 0;
	u16 family = 0;
	u8 state = 0;
	int rcvbuf = 0;
	core_read(&daddr, &sk->__sk_common.skc_rcv_saddr);
	core_read(&pair, &sk->__sk_common.skc_addrpair);
	core_read(&family, &sk->__sk_common.skc_family);
	core_read(&state, &sk->__sk_common.skc_state);
	core_read(&rcvbuf, &sk->sk_rcvbuf);
	return daddr + pair + family + state + rcvbuf + core_lshift(sk->__sk_common.skc_reuseport) +
	       core_rshift(sk->__sk_common.skc_reuse);
}
