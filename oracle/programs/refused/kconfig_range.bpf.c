/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An option whose value does not fit. */
#include "oracle.h"

extern s8 CONFIG_NR_CPUS __kconfig;

SEC("perf_event") int entry(void *ctx) { return CONFIG_NR_CPUS; }
