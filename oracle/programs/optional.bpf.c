/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Programs that are not loaded unless asked for. */
#include "oracle.h"

SEC("perf_event") int always(void *ctx) { return 1; }
SEC("?perf_event") int on_request(void *ctx) { return 2; }
SEC("?fentry/do_exit") int on_request_with_target(void *ctx) { return 3; }
