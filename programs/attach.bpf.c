/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tells how it is attached: a program for each kind of event, each of which counts its runs by the cookie that it
 * sees or by the task that it is about.
 */
#include <skep/bpf.h>
#include <skep/kernel.h>

static u64 (*const bpf_get_attach_cookie)(void *ctx) = (void *)174;

/* Samples by cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u64);
	__type(value, u64);
} cookies SEC(".maps");

/* Renames by the first eight bytes of the new name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u64);
} renames SEC(".maps");

/* New tasks by the process that made them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, s32);
	__type(value, u64);
} children SEC(".maps");

/* Threads among the new tasks. */
u64 threads;

#define CLONE_THREAD 0x10000

static void count(void *map, const void *key)
{
	u64 *value, one = 1;

	value = bpf_map_lookup_elem(map, key);
	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(map, key, &one, BPF_NOEXIST);
}

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
	u64 cookie = bpf_get_attach_cookie(ctx);

	count(&cookies, &cookie);
	return 1;
}

/* The record of task:task_rename as the kernel publishes it, up to the new name. */
struct rename {
	u64 common;
	s32 pid;
	char oldcomm[TASK_COMM_LEN];
	char newcomm[TASK_COMM_LEN];
} __attribute__((packed));

SEC("tracepoint/task/task_rename")
int on_rename(struct rename *ctx)
{
	u64 name;

	__builtin_memcpy(&name, ctx->newcomm, sizeof(name));
	count(&renames, &name);
	return 1;
}

SEC("tp_btf/task_newtask")
int on_newtask(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	s32 parent = task->real_parent->tgid;

	if (ctx[1] & CLONE_THREAD)
		__sync_fetch_and_add(&threads, 1);
	count(&children, &parent);
	return 0;
}

char licence[] SEC("license") = "Dual MIT/GPL";
