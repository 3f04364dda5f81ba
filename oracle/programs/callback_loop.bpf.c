/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Callbacks are referred to by address. */
#include "oracle.h"

struct sums { u64 even, odd; };

static int add(u32 index, void *data)
{
	struct sums *sums = data;
	if (index & 1)
		sums->odd += index;
	else
		sums->even += index;
	return 0;
}

static int nested(u32 index, void *data)
{
	bpf_loop(index, add, data, 0);
	return index > 5;
}

SEC("perf_event") int entry(void *ctx)
{
	struct sums sums = {};
	bpf_loop(10, nested, &sums, 0);
	bpf_loop(3, add, &sums, 0);
	return sums.even - sums.odd;
}
