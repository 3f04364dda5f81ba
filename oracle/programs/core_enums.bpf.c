/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values of the kernel's enums, whatever ours say. */
#include "oracle.h"

enum bpf_map_type { BPF_MAP_TYPE_CGROUP_STORAGE = 1234, BPF_MAP_TYPE_NONE_SUCH = 7 };
enum pid_type { PIDTYPE_TGID = 99 };
typedef enum { LOCKDOWN_NONE_HERE } there_is_no_such_enum;

u64 out[16];

SEC("perf_event") int entry(void *ctx)
{
	out[0] = core_enum_exists(enum bpf_map_type, BPF_MAP_TYPE_CGROUP_STORAGE);
	out[1] = core_enum_value(enum bpf_map_type, BPF_MAP_TYPE_CGROUP_STORAGE);
	out[2] = core_enum_exists(enum bpf_map_type, BPF_MAP_TYPE_NONE_SUCH);
	out[3] = core_enum_exists(enum pid_type, PIDTYPE_TGID);
	out[4] = core_enum_value(enum pid_type, PIDTYPE_TGID);
	out[5] = core_enum_exists(there_is_no_such_enum, LOCKDOWN_NONE_HERE);
	return 0;
}

SEC("perf_event") int guarded(void *ctx)
{
	if (core_enum_exists(enum bpf_map_type, BPF_MAP_TYPE_NONE_SUCH))
		return core_enum_value(enum bpf_map_type, BPF_MAP_TYPE_NONE_SUCH);
	return 0;
}
