/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A list is followed to an end that the verifier cannot see. */
#include <skep/bpf.h>

u64 seen;

SEC("perf_event")
int on_sample(void *ctx)
{
	u64 n = bpf_get_current_pid_tgid();

	while (n != 1) {
		n = n & 1 ? 3 * n + 1 : n >> 1;
		__sync_fetch_and_add(&seen, 1);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
