/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An option that is text, declared as a number. */
#include "oracle.h"

extern int CONFIG_DEFAULT_HOSTNAME __kconfig;

SEC("perf_event") int entry(void *ctx) { return CONFIG_DEFAULT_HOSTNAME; }
