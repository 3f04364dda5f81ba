/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Extensions of other programs. */
#include "oracle.h"

int replaced;

static __noinline int around(int x) { replaced++; return x; }

SEC("freplace/some_function") int replacement(int x) { return around(x) + 1; }
SEC("freplace") int anywhere(int x) { return around(x) + 2; }
