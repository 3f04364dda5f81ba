/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Counts kernel and user stacks by the command that ran.
 *
 * What it does is the profiling example of the public documentation of BPF_PROG_TYPE_PERF_EVENT, written anew.
 */
#include <skep/bpf.h>

/* A frequency-driven event starts with tiny periods until it has found its rate: those say nothing. */
#define WARM_UP_PERIOD 10000

struct stack_key {
	char comm[TASK_COMM_LEN];
	/* Ids in `stackmap`, or a negative errno. */
	s32 kernel_stack;
	s32 user_stack;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10000);
	__type(key, struct stack_key);
	__type(value, u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 10000);
	__uint(key_size, sizeof(u32));
	__uint(value_size, PERF_MAX_STACK_DEPTH * sizeof(u64));
} stackmap SEC(".maps");

SEC("perf_event")
int count_stack(struct bpf_perf_event_data *ctx)
{
	char no_stack[] = "CPU-%d period %lld ip %llx";
	char times[] = "Time Enabled: %llu, Time Running: %llu";
	char no_times[] = "Get Time Failed, ErrCode: %d";
	char address[] = "Address recorded on event: %llx";
	struct bpf_perf_event_value value;
	struct stack_key key = {};
	u64 *count, one = 1;
	long err;

	if (ctx->sample_period < WARM_UP_PERIOD)
		return 0;

	bpf_get_current_comm(key.comm, sizeof(key.comm));
	key.kernel_stack = bpf_get_stackid(ctx, &stackmap, BPF_F_FAST_STACK_CMP);
	key.user_stack = bpf_get_stackid(ctx, &stackmap, BPF_F_FAST_STACK_CMP | BPF_F_USER_STACK);
	if (key.kernel_stack < 0 && key.user_stack < 0) {
		bpf_trace_printk(no_stack, sizeof(no_stack), bpf_get_smp_processor_id(), ctx->sample_period,
				 ctx->regs.ip);
		return 0;
	}

	err = bpf_perf_prog_read_value(ctx, &value, sizeof(value));
	if (err)
		bpf_trace_printk(no_times, sizeof(no_times), err);
	else
		bpf_trace_printk(times, sizeof(times), value.enabled, value.running);

	if (ctx->addr)
		bpf_trace_printk(address, sizeof(address), ctx->addr);

	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST);
	return 0;
}

/* bpf_trace_printk() and bpf_perf_prog_read_value() ask for a licence string that the kernel knows. */
char licence[] SEC("license") = "Dual MIT/GPL";
