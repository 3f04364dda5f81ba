/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A perf_event program must not sleep, and reading user memory may. */
#include <skep/bpf.h>

static long (*const bpf_copy_from_user)(void *dst, u32 size, const void *user_ptr) = (void *)148;

u64 word;

SEC("perf_event")
int on_sample(void *ctx)
{
	bpf_copy_from_user(&word, sizeof(word), (void *)0x1000);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
