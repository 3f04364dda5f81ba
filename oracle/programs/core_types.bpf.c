/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Questions about types: existence, size, ids here and in the kernel. */
#include "oracle.h"

struct task_struct { int pid; } __core;
struct there_is_no_such_struct { int x; } __core;
union bpf_attr { u32 map_type; } __core;
typedef struct { s64 counter; } atomic64_t;
typedef int pid_t;
enum pid_type { PIDTYPE_PID };
typedef void (*work_func_t)(void *work);

u64 out[32];

SEC("perf_event") int existence(void *ctx)
{
	out[0] = core_type_exists(struct task_struct);
	out[1] = core_type_exists(struct there_is_no_such_struct);
	out[2] = core_type_exists(union bpf_attr);
	out[3] = core_type_exists(atomic64_t);
	out[4] = core_type_exists(enum pid_type);
	out[5] = core_type_exists(pid_t);
	out[6] = core_type_exists(work_func_t);
	return 0;
}

SEC("perf_event") int sizes(void *ctx)
{
	out[8] = core_type_size(struct task_struct);
	out[9] = core_type_size(struct there_is_no_such_struct);
	out[10] = core_type_size(union bpf_attr);
	out[11] = core_type_size(atomic64_t);
	out[12] = core_type_size(enum pid_type);
	return 0;
}

SEC("perf_event") int ids(void *ctx)
{
	out[16] = core_local_id(struct task_struct);
	out[17] = core_target_id(struct task_struct);
	out[18] = core_target_id(union bpf_attr);
	out[19] = core_local_id(atomic64_t);
	out[20] = core_target_id(atomic64_t);
	out[21] = core_target_id(pid_t);
	return 0;
}

SEC("perf_event") int missing_id(void *ctx)
{
	if (core_type_exists(struct there_is_no_such_struct))
		out[22] = core_target_id(struct there_is_no_such_struct);
	return 0;
}
