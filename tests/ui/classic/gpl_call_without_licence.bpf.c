/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A call that is for GPL-compatible programs only. */
#include <skep/bpf.h>

u64 word;

SEC("perf_event")
int on_sample(void *ctx)
{
	bpf_probe_read_kernel(&word, sizeof(word), (void *)bpf_get_current_task_btf());
	return 0;
}

char LICENSE[] SEC("license") = "Proprietary";
