/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Operations that the kernel does not have. */
#include "oracle.h"

struct there_are_no_such_operations { u32 (*operation)(void *sk); };

SEC("struct_ops") u32 operation(u64 *ctx) { return ctx[0] != 0; }

SEC(".struct_ops") struct there_are_no_such_operations ops = { .operation = (void *)operation };
