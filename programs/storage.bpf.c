/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Values that tasks and control groups have, with masks in them: made, looked at, deleted.
 *
 * User space says by `action` what the next sample does. Each mask has a second reference in `keeper`, so that its
 * count tells whether the first is still there.
 */
#include <skep/masks.h>

#define BPF_MAP_TYPE_TASK_STORAGE 29
#define BPF_MAP_TYPE_CGRP_STORAGE 32
#define CREATE 1

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	u64 id;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct___storage {
	struct css_set *cgroups;
};

#pragma clang attribute pop

static u64 (*const bpf_get_current_cgroup_id)(void) = (void *)80;
static u64 (*const bpf_get_current_ancestor_cgroup_id)(int level) = (void *)123;
static void *(*const bpf_task_storage_get)(void *map, void *task, void *value, u64 flags) = (void *)156;
static long (*const bpf_task_storage_delete)(void *map, void *task) = (void *)157;
static void *(*const bpf_cgrp_storage_get)(void *map, void *cgroup, void *value, u64 flags) = (void *)210;
static long (*const bpf_cgrp_storage_delete)(void *map, void *cgroup) = (void *)211;

struct cgroup *bpf_cgroup_from_id(u64 cgid) __ksym;
struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp) __ksym;
struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym;
void bpf_cgroup_release(struct cgroup *cgrp) __ksym;
long bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor) __ksym;

enum action {
	NOTHING,
	FILL,
	LOOK,
	DELETE,
	ASK,
};

enum place {
	OF_TASK,
	OF_CGROUP,
	PLACES,
};

struct value {
	u64 before;
	struct bpf_cpumask __kptr *mask;
	u64 after;
};

struct kept {
	struct bpf_cpumask __kptr *mask;
};

struct held {
	struct cgroup __kptr *cgroup;
};

#define STORAGE(name, kind, of)                                                                                       \
	struct {                                                                                                     \
		__uint(type, kind);                                                                                  \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                \
		__type(key, int);                                                                                    \
		__type(value, of);                                                                                   \
	} name SEC(".maps")

STORAGE(of_task, BPF_MAP_TYPE_TASK_STORAGE, struct value);
STORAGE(of_cgroup, BPF_MAP_TYPE_CGRP_STORAGE, struct value);
STORAGE(other_of_task, BPF_MAP_TYPE_TASK_STORAGE, u64);
STORAGE(other_of_cgroup, BPF_MAP_TYPE_CGRP_STORAGE, u64);
STORAGE(holder, BPF_MAP_TYPE_TASK_STORAGE, struct held);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLACES);
	__type(key, u32);
	__type(value, struct kept);
} keeper SEC(".maps");

/* What the next sample does, and how often something was done. */
u32 action;
u64 done;
/* For each place: references to its mask, what is there (0: no mask, 1: a mask, 2: no value), and its numbers. */
s64 references[PLACES];
u64 holds[PLACES];
u64 before[PLACES];
u64 after[PLACES];
/* Masks that an exchange gave back. */
u64 returned;
s64 answers[32];
u32 asked;

static __always_inline void tell(s64 answer)
{
	u32 at = asked;

	if (at < 32)
		answers[at] = answer;
	asked = at + 1;
}

static __always_inline void give_back(struct bpf_cpumask *mask)
{
	if (!mask)
		return;
	__sync_fetch_and_add(&returned, 1);
	bpf_cpumask_release(mask);
}

static __always_inline struct cgroup *own_cgroup(struct task_struct *task)
{
	struct task_struct___storage *own = (void *)task;

	return own->cgroups->dfl_cgrp;
}

/* Puts a mask, of which `keeper` holds another reference, into a value. */
static __always_inline void put(u32 place, struct value *value)
{
	struct bpf_cpumask *mask;
	struct kept *kept;

	kept = bpf_map_lookup_elem(&keeper, &place);
	if (!kept)
		return;
	mask = bpf_cpumask_create();
	if (!mask)
		return;
	bpf_cpumask_set_cpu(0, mask);
	give_back(bpf_kptr_xchg(&kept->mask, bpf_cpumask_acquire(mask)));
	give_back(bpf_kptr_xchg(&value->mask, mask));
}

static __noinline int fill(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct value first = { 1, 0, 2 }, *value;

	value = bpf_task_storage_get(&of_task, task, &first, CREATE);
	if (value)
		put(OF_TASK, value);
	bpf_rcu_read_lock();
	value = bpf_cgrp_storage_get(&of_cgroup, own_cgroup(task), &first, CREATE);
	if (value)
		put(OF_CGROUP, value);
	bpf_rcu_read_unlock();
	return 0;
}

static __always_inline void look_at(u32 place, struct value *value)
{
	struct kept *kept = bpf_map_lookup_elem(&keeper, &place);
	struct bpf_cpumask *mask;

	holds[place] = !value ? 2 : value->mask ? 1 : 0;
	before[place] = value ? value->before : 0;
	after[place] = value ? value->after : 0;
	if (kept) {
		mask = kept->mask;
		references[place] = mask ? mask->usage.refs.counter : -1;
	}
}

static __noinline int look(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	look_at(OF_TASK, bpf_task_storage_get(&of_task, task, 0, 0));
	bpf_rcu_read_lock();
	look_at(OF_CGROUP, bpf_cgrp_storage_get(&of_cgroup, own_cgroup(task), 0, 0));
	bpf_rcu_read_unlock();
	return 0;
}

static __noinline int delete(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	tell(bpf_task_storage_delete(&of_task, task));
	tell(bpf_task_storage_delete(&of_task, task));
	bpf_rcu_read_lock();
	tell(bpf_cgrp_storage_delete(&of_cgroup, own_cgroup(task)));
	tell(bpf_cgrp_storage_delete(&of_cgroup, own_cgroup(task)));
	bpf_rcu_read_unlock();
	return 0;
}

static __noinline int ask_task(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 seven = 7, eight = 8, *value, *again;

	tell(!bpf_task_storage_get(&other_of_task, task, 0, 0));
	tell(!bpf_task_storage_get(&other_of_task, task, &seven, 2));
	tell(!bpf_task_storage_get(&other_of_task, task, &seven, 3));
	tell(!bpf_task_storage_get(&other_of_task, 0, &seven, CREATE));
	tell(bpf_task_storage_delete(&other_of_task, task));
	tell(bpf_task_storage_delete(&other_of_task, 0));
	value = bpf_task_storage_get(&other_of_task, task, 0, CREATE);
	tell(value ? *value : -1);
	if (value)
		*value = 9;
	again = bpf_task_storage_get(&other_of_task, task, &eight, CREATE);
	tell(value && again == value ? *again : -1);
	tell(bpf_task_storage_delete(&other_of_task, task));
	value = bpf_task_storage_get(&other_of_task, task, &seven, CREATE);
	tell(value ? *value : -1);
	return 0;
}

static __noinline int ask_cgroup(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 seven = 7, *value, own = bpf_get_current_cgroup_id();
	struct cgroup *cgroup, *other;
	struct held *held;
	int level;

	tell(!bpf_cgrp_storage_get(&other_of_cgroup, 0, &seven, CREATE));
	tell(bpf_cgrp_storage_delete(&other_of_cgroup, 0));
	other = bpf_cgroup_from_id(~0ull >> 1);
	tell(!other);
	if (other)
		bpf_cgroup_release(other);
	cgroup = bpf_cgroup_from_id(own);
	if (!cgroup)
		return 0;
	tell(cgroup->kn->id == own);
	level = cgroup->level;
	tell(!bpf_cgrp_storage_get(&other_of_cgroup, cgroup, &seven, 2));
	value = bpf_cgrp_storage_get(&other_of_cgroup, cgroup, &seven, CREATE);
	tell(value ? *value : -1);
	tell(bpf_cgrp_storage_delete(&other_of_cgroup, cgroup));
	tell(bpf_cgrp_storage_delete(&other_of_cgroup, cgroup));
	tell(bpf_task_under_cgroup(task, cgroup));
	other = bpf_cgroup_ancestor(cgroup, level);
	tell(other == cgroup);
	if (other)
		bpf_cgroup_release(other);
	other = bpf_cgroup_ancestor(cgroup, level + 1);
	tell(!other);
	if (other)
		bpf_cgroup_release(other);
	other = bpf_cgroup_ancestor(cgroup, -1);
	tell(!other);
	if (other)
		bpf_cgroup_release(other);
	tell(bpf_get_current_ancestor_cgroup_id(level) == own);
	tell(bpf_get_current_ancestor_cgroup_id(level + 1));
	tell(bpf_get_current_ancestor_cgroup_id(-1));
	held = bpf_task_storage_get(&holder, task, 0, CREATE);
	if (!held) {
		bpf_cgroup_release(cgroup);
		return 0;
	}
	other = bpf_kptr_xchg(&held->cgroup, cgroup);
	if (other)
		bpf_cgroup_release(other);
	return 0;
}

SEC("perf_event")
int act(__unused void *ctx)
{
	u32 what = action;

	action = NOTHING;
	asked = 0;
	switch (what) {
	case FILL:
		fill();
		break;
	case LOOK:
		look();
		break;
	case DELETE:
		delete();
		break;
	case ASK:
		ask_task();
		ask_cgroup();
		break;
	default:
		return 0;
	}
	__sync_fetch_and_add(&done, 1);
	return 0;
}

char licence[] SEC("license") = "Dual MIT/GPL";
