/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Code that is inlined elsewhere keeps the lines of this file. */
#pragma once

static __always_inline u64 from_header(u64 x)
{
	keep(x);
	return x & 1 ?
		x * 3 :
		x >> 1;
}

static __noinline u64 twice_from_header(u64 x)
{
	return from_header(from_header(x));
}
