/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Section names whose attach points are found in the kernel's BTF. */
#include "oracle.h"

#define PROG(name, section) SEC(section) int on_##name(u64 *ctx) { return ctx[0] != 0; }

PROG(tp_btf, "tp_btf/sched_switch")
PROG(fentry, "fentry/do_exit")
PROG(fexit, "fexit/do_exit")
PROG(fmod_ret, "fmod_ret/bpf_modify_return_test")
PROG(fentry_sleepable, "fentry.s/bpf_fentry_test1")
PROG(fexit_sleepable, "fexit.s/bpf_fentry_test1")
PROG(fmod_ret_sleepable, "fmod_ret.s/bpf_modify_return_test")
PROG(iter, "iter/task")
PROG(iter_sleepable, "iter.s/task")
PROG(lsm, "lsm/file_open")
PROG(lsm_sleepable, "lsm.s/file_open")
PROG(lsm_cgroup, "lsm_cgroup/socket_bind")
