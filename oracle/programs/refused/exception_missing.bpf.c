/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clang: 16 */
/* An exception callback that is not there. */
#include "oracle.h"

SEC("tc") __tag("exception_callback:nowhere") int entry(void *ctx) { return 0; }
