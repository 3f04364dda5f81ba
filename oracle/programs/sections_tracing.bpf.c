/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Section names of tracing programs, and what they say of type and attach point. */
#include "oracle.h"

#define PROG(name, section) SEC(section) int on_##name(void *ctx) { return sizeof(section) & 1; }

PROG(perf_event, "perf_event")
PROG(kprobe, "kprobe/do_nanosleep")
PROG(kprobe_offset, "kprobe/do_nanosleep+4")
PROG(kprobe_bare, "kprobe")
PROG(kretprobe, "kretprobe/do_nanosleep")
PROG(kprobe_multi, "kprobe.multi/do_*")
PROG(kretprobe_multi, "kretprobe.multi/do_*")
PROG(kprobe_session, "kprobe.session/do_*")
PROG(ksyscall, "ksyscall/nanosleep")
PROG(kretsyscall, "kretsyscall/nanosleep")
PROG(uprobe, "uprobe//bin/true:main")
PROG(uprobe_sleepable, "uprobe.s")
PROG(uretprobe, "uretprobe")
PROG(uretprobe_sleepable, "uretprobe.s")
PROG(uprobe_multi, "uprobe.multi//bin/true:m*")
PROG(uretprobe_multi, "uretprobe.multi")
PROG(uprobe_multi_sleepable, "uprobe.multi.s")
PROG(uretprobe_multi_sleepable, "uretprobe.multi.s")
PROG(uprobe_session, "uprobe.session")
PROG(uprobe_session_sleepable, "uprobe.session.s")
PROG(tracepoint, "tracepoint/sched/sched_switch")
PROG(tp, "tp/sched/sched_switch")
PROG(raw_tracepoint, "raw_tracepoint/sched_switch")
PROG(raw_tp, "raw_tp/sched_switch")
PROG(raw_tracepoint_writable, "raw_tracepoint.w/sched_switch")
PROG(raw_tp_writable, "raw_tp.w/sched_switch")
PROG(syscall, "syscall")
