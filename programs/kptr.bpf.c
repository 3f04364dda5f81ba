/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Masks that maps own: put into a field of every kind of map that may have one, looked at, replaced, deleted.
 *
 * User space says by `action` what the next sample does. Each mask has a second reference in `keeper`, so that its
 * count tells whether the first is still there.
 */
#include <skep/masks.h>

enum action {
	NOTHING,
	FILL,
	LOOK,
	UPDATE,
	DELETE,
	FLOOD,
};

enum place {
	IN_ARRAY,
	IN_HASH,
	IN_ALLOCATED_HASH,
	IN_LRU,
	IN_PERCPU_ARRAY,
	IN_PERCPU_HASH,
	IN_PERCPU_LRU,
	IN_STRUCT,
	IN_SECOND_OF_TWO,
	IN_GLOBAL,
	PLACES,
};

struct value {
	u64 before;
	struct bpf_cpumask __kptr *mask;
	u64 after;
};

struct nested {
	u32 a;
	struct {
		u32 b;
		struct value value;
	} inner;
	struct bpf_cpumask __kptr *two[2];
	u64 end;
};

struct kept {
	struct bpf_cpumask __kptr *mask;
};

struct watched {
	struct bpf_cpumask __kptr_untrusted *mask;
	u64 address;
};

#define MAP(name, kind, entries, of, flags)                                                                           \
	struct {                                                                                                     \
		__uint(type, kind);                                                                                  \
		__uint(max_entries, entries);                                                                        \
		__uint(map_flags, flags);                                                                            \
		__type(key, u32);                                                                                    \
		__type(value, of);                                                                                   \
	} name SEC(".maps")

MAP(in_array, BPF_MAP_TYPE_ARRAY, 2, struct value, 0);
MAP(in_hash, BPF_MAP_TYPE_HASH, 4, struct value, 0);
MAP(in_allocated_hash, BPF_MAP_TYPE_HASH, 4, struct value, BPF_F_NO_PREALLOC);
MAP(in_lru, BPF_MAP_TYPE_LRU_HASH, 16, struct value, 0);
MAP(in_percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, 2, struct value, 0);
MAP(in_percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, 4, struct value, 0);
MAP(in_percpu_lru, BPF_MAP_TYPE_LRU_PERCPU_HASH, 16, struct value, 0);
MAP(in_struct, BPF_MAP_TYPE_ARRAY, 1, struct nested, 0);
MAP(keeper, BPF_MAP_TYPE_ARRAY, PLACES, struct kept, 0);
MAP(watchers, BPF_MAP_TYPE_ARRAY, 1, struct watched, 0);

private(masks) struct bpf_cpumask __kptr *in_global;

/* What the next sample does, and how often something was done. */
u32 action;
u64 done;
/* For each place: references to its mask, and whether the place still holds it. */
s64 references[PLACES];
u64 holds[PLACES];
/* Masks that an exchange gave back. */
u64 returned;
/* Weight of a mask that was found in a map, and of one that nothing holds for sure. */
u64 weight;
u64 unsure;
s64 answers[PLACES];

static const u32 key = 1;

/* Takes what comes back from an exchange. */
static __always_inline void give_back(struct bpf_cpumask *mask)
{
	if (!mask)
		return;
	__sync_fetch_and_add(&returned, 1);
	bpf_cpumask_release(mask);
}

/* A mask of which `keeper` holds a reference. */
static __always_inline struct bpf_cpumask *kept_mask(u32 place)
{
	struct bpf_cpumask *mask;
	struct kept *kept;

	kept = bpf_map_lookup_elem(&keeper, &place);
	if (!kept)
		return 0;
	mask = bpf_cpumask_create();
	if (!mask)
		return 0;
	bpf_cpumask_set_cpu(0, mask);
	give_back(bpf_kptr_xchg(&kept->mask, bpf_cpumask_acquire(mask)));
	return mask;
}

#define PUT(place, field)                                                                                             \
	do {                                                                                                         \
		struct bpf_cpumask *mask = kept_mask(place);                                                         \
		if (mask)                                                                                            \
			give_back(bpf_kptr_xchg(field, mask));                                                       \
	} while (0)

#define FILL_MAP(place, map, at)                                                                                      \
	do {                                                                                                         \
		struct value empty = { 1, 0, 2 }, *value;                                                            \
		bpf_map_update_elem(map, at, &empty, BPF_ANY);                                                       \
		value = bpf_map_lookup_elem(map, at);                                                                \
		if (value)                                                                                           \
			PUT(place, &value->mask);                                                                    \
	} while (0)

static __noinline int fill_hashes(void)
{
	FILL_MAP(IN_HASH, &in_hash, &key);
	FILL_MAP(IN_ALLOCATED_HASH, &in_allocated_hash, &key);
	FILL_MAP(IN_LRU, &in_lru, &key);
	FILL_MAP(IN_PERCPU_HASH, &in_percpu_hash, &key);
	FILL_MAP(IN_PERCPU_LRU, &in_percpu_lru, &key);
	return 0;
}

static __noinline int fill_arrays(void)
{
	struct nested *nested;
	struct watched *watched;
	struct bpf_cpumask *mask;
	u32 zero = 0;

	FILL_MAP(IN_ARRAY, &in_array, &key);
	FILL_MAP(IN_PERCPU_ARRAY, &in_percpu_array, &key);
	nested = bpf_map_lookup_elem(&in_struct, &zero);
	if (!nested)
		return 0;
	nested->a = nested->inner.b = 7;
	PUT(IN_STRUCT, &nested->inner.value.mask);
	PUT(IN_SECOND_OF_TWO, &nested->two[1]);
	watched = bpf_map_lookup_elem(&watchers, &zero);
	if (!watched)
		return 0;
	mask = kept_mask(IN_GLOBAL);
	if (!mask)
		return 0;
	watched->mask = mask;
	watched->address = 0;
	give_back(bpf_kptr_xchg(&in_global, mask));
	return 0;
}

#define LOOK_AT(place, pointer)                                                                                       \
	do {                                                                                                         \
		u32 at = place;                                                                                      \
		struct kept *kept = bpf_map_lookup_elem(&keeper, &at);                                               \
		struct bpf_cpumask *mask;                                                                            \
		holds[place] = pointer;                                                                              \
		if (kept) {                                                                                          \
			mask = kept->mask;                                                                           \
			references[place] = mask ? mask->usage.refs.counter : -1;                                    \
		}                                                                                                    \
	} while (0)

#define LOOK_IN(place, map)                                                                                           \
	do {                                                                                                         \
		struct value *value = bpf_map_lookup_elem(map, &key);                                                \
		LOOK_AT(place, !value ? 2 : value->mask ? 1 : 0);                                                    \
	} while (0)

static __noinline int look(void)
{
	struct nested *nested;
	struct watched *watched;
	struct bpf_cpumask *mask;
	struct value *value;
	u32 zero = 0;

	LOOK_IN(IN_ARRAY, &in_array);
	LOOK_IN(IN_HASH, &in_hash);
	LOOK_IN(IN_ALLOCATED_HASH, &in_allocated_hash);
	LOOK_IN(IN_LRU, &in_lru);
	LOOK_IN(IN_PERCPU_ARRAY, &in_percpu_array);
	LOOK_IN(IN_PERCPU_HASH, &in_percpu_hash);
	LOOK_IN(IN_PERCPU_LRU, &in_percpu_lru);
	nested = bpf_map_lookup_elem(&in_struct, &zero);
	if (nested) {
		LOOK_AT(IN_STRUCT, nested->inner.value.mask ? 1 : 0);
		LOOK_AT(IN_SECOND_OF_TWO, nested->two[1] ? 1 : 0);
	}
	LOOK_AT(IN_GLOBAL, in_global ? 1 : 0);
	value = bpf_map_lookup_elem(&in_array, &key);
	if (value) {
		mask = value->mask;
		if (mask) {
			bpf_cpumask_set_cpu(1, mask);
			weight = bpf_cpumask_weight(&mask->cpumask);
		}
	}
	watched = bpf_map_lookup_elem(&watchers, &zero);
	if (watched) {
		mask = watched->mask;
		unsure = mask ? mask->cpumask.bits[0] : 99;
	}
	return 0;
}

static __noinline int update(void)
{
	/* Bytes where the field is are nobody's business. */
	struct value new = { 3, 0, 4 };
	struct nested nested = {};
	u32 zero = 0;

	answers[IN_ARRAY] = bpf_map_update_elem(&in_array, &key, &new, BPF_ANY);
	answers[IN_HASH] = bpf_map_update_elem(&in_hash, &key, &new, BPF_ANY);
	answers[IN_ALLOCATED_HASH] = bpf_map_update_elem(&in_allocated_hash, &key, &new, BPF_ANY);
	answers[IN_LRU] = bpf_map_update_elem(&in_lru, &key, &new, BPF_ANY);
	answers[IN_PERCPU_ARRAY] = bpf_map_update_elem(&in_percpu_array, &key, &new, BPF_ANY);
	answers[IN_PERCPU_HASH] = bpf_map_update_elem(&in_percpu_hash, &key, &new, BPF_ANY);
	answers[IN_PERCPU_LRU] = bpf_map_update_elem(&in_percpu_lru, &key, &new, BPF_ANY);
	answers[IN_STRUCT] = bpf_map_update_elem(&in_struct, &zero, &nested, BPF_ANY);
	give_back(bpf_kptr_xchg(&in_global, 0));
	return 0;
}

static __noinline int delete(void)
{
	answers[IN_ARRAY] = bpf_map_delete_elem(&in_array, &key);
	answers[IN_HASH] = bpf_map_delete_elem(&in_hash, &key);
	answers[IN_ALLOCATED_HASH] = bpf_map_delete_elem(&in_allocated_hash, &key);
	answers[IN_LRU] = bpf_map_delete_elem(&in_lru, &key);
	answers[IN_PERCPU_ARRAY] = bpf_map_delete_elem(&in_percpu_array, &key);
	answers[IN_PERCPU_HASH] = bpf_map_delete_elem(&in_percpu_hash, &key);
	answers[IN_PERCPU_LRU] = bpf_map_delete_elem(&in_percpu_lru, &key);
	return 0;
}

/* Elements that were used are not evicted before others: so all of these are. */
static __noinline int flood(void)
{
	struct value new = { 5, 0, 6 };

	for (u32 i = 0; i < 256; i++) {
		u32 other = 1000 + i;

		bpf_map_update_elem(&in_lru, &other, &new, BPF_ANY);
		bpf_map_update_elem(&in_percpu_lru, &other, &new, BPF_ANY);
		if (!bpf_map_lookup_elem(&in_lru, &other) || !bpf_map_lookup_elem(&in_percpu_lru, &other))
			answers[IN_LRU] = -1;
	}
	return 0;
}

SEC("perf_event")
int act(__unused void *ctx)
{
	u32 what = action;

	action = NOTHING;
	switch (what) {
	case FILL:
		fill_hashes();
		fill_arrays();
		break;
	case LOOK:
		look();
		break;
	case UPDATE:
		update();
		break;
	case DELETE:
		delete();
		break;
	case FLOOD:
		flood();
		break;
	default:
		return 0;
	}
	__sync_fetch_and_add(&done, 1);
	return 0;
}

char licence[] SEC("license") = "Dual MIT/GPL";
