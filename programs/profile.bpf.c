/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The program of `skep profile`: counts stacks by process and command.
 *
 * Totals are honest: `samples` = the sum over `counts` + `uncounted`, and `unplaced` of the counted samples lack
 * a stack that could not be kept (their id is -EEXIST).
 */
#include <skep/stacks.h>

struct profile_key {
	stack_id user;
	stack_id kernel;
	u32 tgid;
	u32 reserved;
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct profile_key);
	__type(value, u64);
} counts SEC(".maps");

/* Samples that the program saw. */
u64 samples;
/* Samples that `counts` had no room for. */
u64 uncounted;
SEC("perf_event")
int profile(struct bpf_perf_event_data *ctx)
{
	struct profile_key key = {};
	u64 *count, one = 1;

	__sync_fetch_and_add(&samples, 1);

	/* No BPF_F_FAST_STACK_CMP: stacks of equal hash would be taken for the same one. */
	key.user = place(ctx, BPF_F_USER_STACK);
	key.kernel = place(ctx, 0);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(key.comm, sizeof(key.comm));

	count = bpf_map_lookup_elem(&counts, &key);
	if (count) {
		__sync_fetch_and_add(count, 1);
		return 0;
	}
	/* Another CPU may have been first: then BPF_NOEXIST fails, and the count is there now. */
	if (bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST) == 0)
		return 0;
	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&uncounted, 1);
	return 0;
}

/* bpf_get_stackid() and bpf_get_stack() ask for a licence string that the kernel knows. */
char licence[] SEC("license") = "Dual MIT/GPL";
