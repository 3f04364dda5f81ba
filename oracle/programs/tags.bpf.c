/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clang: 16 */
/* Declaration tags on programs, arguments, variables and fields. */
#include "oracle.h"

struct tagged { u64 a __tag("field a"); u64 b; } __tag("struct");
struct tagged variable __tag("variable") = { 1, 2 };

__noinline int with_tags(void *ctx __tag("arg:ctx"), u64 *value __tag("arg:nonnull"))
{
	keep(value);
	return *value + variable.b;
}

SEC("perf_event") __tag("a program") int entry(void *ctx)
{
	u64 value = variable.a;
	return with_tags(ctx, &value);
}
