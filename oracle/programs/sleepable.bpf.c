/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sleepable programs, also of struct_ops and iterators. */
#include "oracle.h"

static __noinline int shared(u64 x) { keep(x); return x != 0; }

SEC("lsm.s/file_open") int lsm(u64 *ctx) { return shared(ctx[0]); }
SEC("fentry.s/bpf_fentry_test1") int fentry(u64 *ctx) { return shared(ctx[0]); }
SEC("iter.s/task") int iter(u64 *ctx) { return shared(ctx[0]) - 1; }
SEC("uprobe.s") int uprobe(void *ctx) { return shared((u64)ctx); }
SEC("syscall") int call(void *ctx) { return shared((u64)ctx); }
