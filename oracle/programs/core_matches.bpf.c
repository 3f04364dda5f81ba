/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clang: 16 */
/* TYPE_MATCHES: names and members have to agree, sizes and order not. */
#include "oracle.h"

struct list_head { struct list_head *next, *prev; } __core;
struct list_head___more { struct list_head___more *next, *prev, *beyond; } __core;
struct list_head___less { struct list_head *prev; } __core;
struct list_head___wrong { int next; } __core;
struct task_struct___some { int tgid; int pid; char comm[16]; } __core;
struct task_struct___pointer { struct task_struct___pointer *real_parent; } __core;
struct task_struct___wrong { struct list_head *pid; } __core;
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };
enum pid_type___wrong { PIDTYPE_NONE_SUCH };
typedef int pid_t;
typedef struct { int counter; } atomic_t;
typedef struct { unsigned int counter; } atomic_t___unsigned;
typedef struct { u64 counter; } atomic_t___wide;
union bpf_attr { u32 map_type; } __core;
struct bpf_attr___struct { u32 map_type; } __core;

u64 out[32];

SEC("perf_event") int entry(void *ctx)
{
	out[0] = core_type_matches(struct list_head);
	out[1] = core_type_matches(struct list_head___more);
	out[2] = core_type_matches(struct list_head___less);
	out[3] = core_type_matches(struct list_head___wrong);
	out[4] = core_type_matches(struct task_struct___some);
	out[5] = core_type_matches(struct task_struct___pointer);
	out[6] = core_type_matches(struct task_struct___wrong);
	out[7] = core_type_matches(enum pid_type);
	out[8] = core_type_matches(enum pid_type___wrong);
	out[9] = core_type_matches(pid_t);
	out[10] = core_type_matches(atomic_t);
	out[11] = core_type_matches(atomic_t___unsigned);
	out[12] = core_type_matches(atomic_t___wide);
	out[13] = core_type_matches(union bpf_attr);
	out[14] = core_type_matches(struct bpf_attr___struct);
	return 0;
}
