/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What it takes to call kernel functions, and to keep what they return.
 */
#pragma once

#include <skep/bpf.h>

#define __ksym __attribute__((section(".ksyms")))
#define __hidden __attribute__((visibility("hidden")))
/* A pointer in a value, or in a global variable, that owns a reference; one that owns nothing. */
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
/* Global kptrs, lists and trees lie in sections of their own, which user space does not map. */
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))

static void *(*const bpf_kptr_xchg)(void *field, void *owned) = (void *)194;
