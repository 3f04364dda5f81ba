/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An open-coded iterator. */
#include "oracle.h"

struct bpf_iter_num { u64 opaque[1]; } __attribute__((aligned(8)));
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym __weak;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym __weak;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym __weak;

SEC("raw_tp/sched_switch") int entry(void *ctx)
{
	struct bpf_iter_num it;
	int sum = 0, *next;
	bpf_iter_num_new(&it, 0, 10);
	while ((next = bpf_iter_num_next(&it)))
		sum += *next;
	bpf_iter_num_destroy(&it);
	return sum;
}
