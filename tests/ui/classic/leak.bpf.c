/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A record is reserved, and on one way out neither submitted nor discarded. */
#include <skep/bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("perf_event")
int on_sample(void *ctx)
{
	u64 *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (!record)
		return 0;
	*record = bpf_get_current_pid_tgid();
	if ((u32)*record == 0)
		return 0;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
