/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An option that is not set and not weak. */
#include "oracle.h"

extern int CONFIG_THERE_IS_NO_SUCH_OPTION __kconfig;

SEC("perf_event") int entry(void *ctx) { return CONFIG_THERE_IS_NO_SUCH_OPTION; }
