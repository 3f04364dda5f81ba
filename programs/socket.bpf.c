/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A value that the socket of a packet has: made by the first run on a packet, found by the others, deleted by the third.
 */
#include <skep/bpf.h>

#define BPF_MAP_TYPE_SK_STORAGE 24
#define BPF_F_CLONE (1 << 9)
#define CREATE 1

struct bpf_sock {
	u32 bound_dev_if;
	u32 family;
};

struct __sk_buff {
	u8 before[168];
	struct bpf_sock *sk;
};

static struct bpf_sock *(*const bpf_sk_fullsock)(struct bpf_sock *sk) = (void *)95;
static void *(*const bpf_sk_storage_get)(void *map, void *sk, void *value, u64 flags) = (void *)107;
static long (*const bpf_sk_storage_delete)(void *map, void *sk) = (void *)108;

struct value {
	u64 runs;
	u64 first;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct value);
} values SEC(".maps"), zeroes SEC(".maps");

u64 runs;
s64 answers[64];
u32 asked;

static __always_inline void tell(s64 answer)
{
	u32 at = asked;

	if (at < 64)
		answers[at] = answer;
	asked = at + 1;
}

SEC("tc")
int values_of_socket(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct value *value, *again, first = { 0, 7 };

	runs++;
	tell(!sk);
	if (!sk)
		return 0;
	sk = bpf_sk_fullsock(sk);
	tell(!sk);
	if (!sk)
		return 0;
	tell(!bpf_sk_storage_get(&values, sk, 0, 0));
	tell(!bpf_sk_storage_get(&values, sk, &first, 2));
	tell(!bpf_sk_storage_get(&values, sk, &first, 3));
	value = bpf_sk_storage_get(&values, sk, &first, CREATE);
	if (!value)
		return 0;
	value->runs++;
	tell(value->runs);
	tell(value->first);
	again = bpf_sk_storage_get(&values, sk, 0, 0);
	tell(again == value);
	again = bpf_sk_storage_get(&zeroes, sk, 0, CREATE);
	tell(again ? again->first : -1);
	if (value->runs == 3) {
		tell(bpf_sk_storage_delete(&values, sk));
		tell(bpf_sk_storage_delete(&values, sk));
		tell(!bpf_sk_storage_get(&values, sk, 0, 0));
	}
	return 0;
}

char licence[] SEC("license") = "Dual MIT/GPL";
