/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Objects of the program's own types, kept in a tree and a list at once, and a variable for each CPU.
 *
 * User space says by `action` what the next run does with `key`. Tracing programs may have no lists and trees in
 * their maps, so this one is for packets, which it does not look at.
 */
#include <skep/kptr.h>

#define KEYS 32
#define DEPTH 12

struct bpf_spin_lock {
	u32 val;
};

struct bpf_list_head {
	u64 opaque[2];
} __attribute__((aligned(8)));

struct bpf_list_node {
	u64 opaque[3];
} __attribute__((aligned(8)));

struct bpf_rb_root {
	u64 opaque[2];
} __attribute__((aligned(8)));

struct bpf_rb_node {
	u64 opaque[4];
} __attribute__((aligned(8)));

struct bpf_refcount {
	u32 opaque[1];
} __attribute__((aligned(4)));

struct bpf_iter_num {
	u64 opaque[1];
} __attribute__((aligned(8)));

static void (*const bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static void (*const bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;
static void *(*const bpf_per_cpu_ptr)(const void *percpu_ptr, u32 cpu) = (void *)153;
static void *(*const bpf_this_cpu_ptr)(const void *percpu_ptr) = (void *)154;

void *bpf_obj_new_impl(u64 local_type_id, void *meta) __ksym;
void bpf_obj_drop_impl(void *object, void *meta) __ksym;
void *bpf_percpu_obj_new_impl(u64 local_type_id, void *meta) __ksym;
void bpf_percpu_obj_drop_impl(void *object, void *meta) __ksym;
void *bpf_refcount_acquire_impl(void *object, void *meta) __ksym;
int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) __ksym;
int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) __ksym;
struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head) __ksym;
struct bpf_list_node *bpf_list_front(struct bpf_list_head *head) __ksym;
struct bpf_list_node *bpf_list_back(struct bpf_list_head *head) __ksym;
int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			_Bool (*less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta, u64 off) __ksym;
struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root) __ksym;
struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
struct bpf_rb_node *bpf_rbtree_right(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;
int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

#define __contains(kind, node) __attribute__((btf_decl_tag("contains:" #kind ":" #node)))
#define container_of(ptr, type, member) ((type *)((void *)(ptr) - __builtin_offsetof(type, member)))
#define new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), 0))
#define drop(object) bpf_obj_drop_impl(object, 0)

enum action {
	NOTHING,
	ADD,
	REMOVE,
	TAKE_FRONT,
	TAKE_BACK,
	LOOK,
	ADD_AGAIN,
	COUNT,
};

struct node {
	u64 key;
	struct bpf_list_node in_list;
	struct bpf_rb_node in_tree;
	struct bpf_refcount references;
};

struct cell {
	u64 value;
};

struct cells {
	struct cell __percpu_kptr *cell;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cells);
} cells SEC(".maps");

private(tree) struct bpf_spin_lock tree_lock;
private(tree) struct bpf_rb_root tree __contains(node, in_tree);
private(list) struct bpf_spin_lock list_lock;
private(list) struct bpf_list_head list __contains(node, in_list);

/* What the next run does, with which key, and how often something was done. */
u32 action;
u32 done;
u64 key;

/* What the calls returned. */
s64 answers[4];
/* The way from the top of the tree to each key: a bit for each step, 1 is to the right; its length, + 1. */
u64 way[KEYS];
u64 length[KEYS];
/* Keys at the ends of the list, and of the first and the top node of the tree; + 1. */
u64 ends[4];
/* What each CPU counted. */
u64 counted[2];

static _Bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct node, in_tree)->key < container_of(b, struct node, in_tree)->key;
}

/* Adds an object to the tree and, by a second reference, to the list: odd keys to its front. */
static void add(void)
{
	struct node *node = new(struct node), *again;

	answers[0] = !node;
	if (!node)
		return;
	node->key = key;
	again = bpf_refcount_acquire_impl(node, 0);
	if (!again) {
		drop(node);
		return;
	}
	bpf_spin_lock(&tree_lock);
	answers[1] = bpf_rbtree_add_impl(&tree, &node->in_tree, less, 0, 0);
	bpf_spin_unlock(&tree_lock);
	bpf_spin_lock(&list_lock);
	if (key & 1)
		answers[2] = bpf_list_push_front_impl(&list, &again->in_list, 0, 0);
	else
		answers[2] = bpf_list_push_back_impl(&list, &again->in_list, 0, 0);
	bpf_spin_unlock(&list_lock);
}

/* Takes the object with the key out of the tree; it stays in the list. */
static void remove(void)
{
	struct bpf_rb_node *at, *found = 0;
	struct node *node;
	int depth;

	answers[0] = -1;
	bpf_spin_lock(&tree_lock);
	at = bpf_rbtree_root(&tree);
	for (depth = 0; at && depth < DEPTH; depth++) {
		node = container_of(at, struct node, in_tree);
		if (node->key == key) {
			found = bpf_rbtree_remove(&tree, at);
			break;
		}
		at = key < node->key ? bpf_rbtree_left(&tree, at) : bpf_rbtree_right(&tree, at);
	}
	bpf_spin_unlock(&tree_lock);
	if (!found)
		return;
	node = container_of(found, struct node, in_tree);
	answers[0] = node->key;
	drop(node);
}

/* Takes an object off the list; it may be in the tree still. */
static void take(int from_front)
{
	struct bpf_list_node *taken;
	struct node *node;

	answers[0] = -1;
	bpf_spin_lock(&list_lock);
	taken = from_front ? bpf_list_pop_front(&list) : bpf_list_pop_back(&list);
	bpf_spin_unlock(&list_lock);
	if (!taken)
		return;
	node = container_of(taken, struct node, in_list);
	answers[0] = node->key;
	drop(node);
}

/* Takes the first object of the list, and puts it into the tree, where it may be already, and back into the list. */
static void add_again(void)
{
	struct bpf_list_node *taken;
	struct node *node, *again;

	bpf_spin_lock(&list_lock);
	taken = bpf_list_pop_front(&list);
	bpf_spin_unlock(&list_lock);
	if (!taken)
		return;
	node = container_of(taken, struct node, in_list);
	again = bpf_refcount_acquire_impl(node, 0);
	if (!again) {
		drop(node);
		return;
	}
	bpf_spin_lock(&tree_lock);
	answers[0] = bpf_rbtree_add_impl(&tree, &again->in_tree, less, 0, 0);
	bpf_spin_unlock(&tree_lock);
	bpf_spin_lock(&list_lock);
	answers[1] = bpf_list_push_back_impl(&list, &node->in_list, 0, 0);
	bpf_spin_unlock(&list_lock);
}

static void walk(u32 to)
{
	struct bpf_rb_node *at;
	u64 steps = 0, depth = 0;
	struct node *node;

	bpf_spin_lock(&tree_lock);
	at = bpf_rbtree_root(&tree);
	while (at && depth < DEPTH) {
		depth++;
		node = container_of(at, struct node, in_tree);
		if (node->key == to)
			break;
		steps <<= 1;
		if (to < node->key) {
			at = bpf_rbtree_left(&tree, at);
		} else {
			steps |= 1;
			at = bpf_rbtree_right(&tree, at);
		}
	}
	if (!at)
		depth = 0;
	bpf_spin_unlock(&tree_lock);
	if (to < KEYS) {
		way[to] = steps;
		length[to] = depth;
	}
}

static void look(void)
{
	struct bpf_list_node *front, *back;
	struct bpf_rb_node *first, *top;
	struct bpf_iter_num it;
	int *to;

	bpf_spin_lock(&list_lock);
	front = bpf_list_front(&list);
	back = bpf_list_back(&list);
	ends[0] = front ? container_of(front, struct node, in_list)->key + 1 : 0;
	ends[1] = back ? container_of(back, struct node, in_list)->key + 1 : 0;
	bpf_spin_unlock(&list_lock);
	bpf_spin_lock(&tree_lock);
	first = bpf_rbtree_first(&tree);
	top = bpf_rbtree_root(&tree);
	ends[2] = first ? container_of(first, struct node, in_tree)->key + 1 : 0;
	ends[3] = top ? container_of(top, struct node, in_tree)->key + 1 : 0;
	bpf_spin_unlock(&tree_lock);
	bpf_iter_num_new(&it, 0, KEYS);
	while ((to = bpf_iter_num_next(&it)))
		walk(*to);
	bpf_iter_num_destroy(&it);
}

/* Counts on this CPU, in a variable that the map owns; reads what CPU 1 counted. */
static void count(void)
{
	struct cells *value;
	struct cell *cell;
	u32 zero = 0;

	value = bpf_map_lookup_elem(&cells, &zero);
	if (!value)
		return;
	if (!value->cell) {
		cell = bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(struct cell *)0, 0), 0);
		if (!cell)
			return;
		cell = bpf_kptr_xchg(&value->cell, cell);
		if (cell)
			bpf_percpu_obj_drop_impl(cell, 0);
	}
	bpf_rcu_read_lock();
	cell = value->cell;
	if (cell) {
		struct cell *own = bpf_this_cpu_ptr(cell), *other = bpf_per_cpu_ptr(cell, 1);

		own->value += key;
		counted[0] = own->value;
		if (other)
			counted[1] = other->value;
	}
	bpf_rcu_read_unlock();
}

SEC("tc")
int act(void *ctx)
{
	(void)ctx;
	answers[0] = answers[1] = answers[2] = 0;
	switch (action) {
	case ADD:
		add();
		break;
	case REMOVE:
		remove();
		break;
	case TAKE_FRONT:
		take(1);
		break;
	case TAKE_BACK:
		take(0);
		break;
	case LOOK:
		look();
		break;
	case ADD_AGAIN:
		add_again();
		break;
	case COUNT:
		count();
		break;
	default:
		return 0;
	}
	action = NOTHING;
	done++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
