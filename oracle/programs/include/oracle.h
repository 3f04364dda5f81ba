/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Words that the programs share. Kernel structs are declared by each program itself, with the fields it reads. */
#pragma once

typedef signed char s8;
typedef unsigned char u8;
typedef short s16;
typedef unsigned short u16;
typedef int s32;
typedef unsigned int u32;
typedef long long s64;
typedef unsigned long long u64;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

#define SEC(name) __attribute__((section(name), used))
#define __noinline __attribute__((noinline))
#define __always_inline inline __attribute__((always_inline))
#define __weak __attribute__((weak))
#define __hidden __attribute__((visibility("hidden")))
#define __ksym __attribute__((section(".ksyms")))
#define __kconfig __attribute__((section(".kconfig")))
#define __tag(text) __attribute__((btf_decl_tag(text)))
#define __core __attribute__((preserve_access_index))
#if __has_attribute(btf_type_tag)
#define __kptr __attribute__((btf_type_tag("kptr")))
#else
#define __kptr
#endif

/* Map definitions, as BTF describes them. */
#define __uint(name, value) int(*name)[value]
#define __ulong(name, value) enum { __bpf_concat(name, __LINE__) = value } name
#define __bpf_concat(a, b) __bpf_paste(a, b)
#define __bpf_paste(a, b) unique_##a##b
#define __type(name, value) typeof(value) *name
#define __array(name, value) typeof(value) *name[]

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_HASH_OF_MAPS = 13,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
	BPF_MAP_TYPE_BLOOM_FILTER = 30,
	BPF_MAP_TYPE_USER_RINGBUF = 31,
	BPF_MAP_TYPE_CGRP_STORAGE = 32,
	BPF_MAP_TYPE_ARENA = 33,
};

enum {
	BPF_F_NO_PREALLOC = 1 << 0,
	BPF_F_NUMA_NODE = 1 << 2,
	BPF_F_RDONLY_PROG = 1 << 7,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_F_INNER_MAP = 1 << 12,
};

/* Helpers by their numbers in the uapi. */
static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static long (*const bpf_trace_printk)(const char *fmt, u32 fmt_size, ...) = (void *)6;
static u32 (*const bpf_get_smp_processor_id)(void) = (void *)8;
static long (*const bpf_tail_call)(void *ctx, void *prog_array, u32 index) = (void *)12;
static u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static u64 (*const bpf_get_current_task)(void) = (void *)35;
static long (*const bpf_probe_read_kernel)(void *dst, u32 size, const void *src) = (void *)113;
static void *(*const bpf_per_cpu_ptr)(const void *ptr, u32 cpu) = (void *)153;
static void *(*const bpf_this_cpu_ptr)(const void *ptr) = (void *)154;
static long (*const bpf_for_each_map_elem)(void *map, void *callback, void *ctx, u64 flags) = (void *)164;
static long (*const bpf_timer_init)(void *timer, void *map, u64 flags) = (void *)169;
static long (*const bpf_timer_set_callback)(void *timer, void *callback) = (void *)170;
static long (*const bpf_loop)(u32 times, void *callback, void *ctx, u64 flags) = (void *)181;
static void *(*const bpf_kptr_xchg)(void *dst, void *ptr) = (void *)194;

/* CO-RE questions, by the numbers that clang's builtins take. */
enum { FIELD_BYTE_OFFSET, FIELD_BYTE_SIZE, FIELD_EXISTS, FIELD_SIGNED, FIELD_LSHIFT, FIELD_RSHIFT };
enum { TYPE_ID_LOCAL, TYPE_ID_TARGET };
enum { TYPE_EXISTS, TYPE_SIZE, TYPE_MATCHES };
enum { ENUMVAL_EXISTS, ENUMVAL_VALUE };

#define core_offset(field) __builtin_preserve_field_info(field, FIELD_BYTE_OFFSET)
#define core_size(field) __builtin_preserve_field_info(field, FIELD_BYTE_SIZE)
#define core_exists(field) __builtin_preserve_field_info(field, FIELD_EXISTS)
#define core_signed(field) __builtin_preserve_field_info(field, FIELD_SIGNED)
#define core_lshift(field) __builtin_preserve_field_info(field, FIELD_LSHIFT)
#define core_rshift(field) __builtin_preserve_field_info(field, FIELD_RSHIFT)
#define core_local_id(type) __builtin_btf_type_id(*(typeof(type) *)0, TYPE_ID_LOCAL)
#define core_target_id(type) __builtin_btf_type_id(*(typeof(type) *)0, TYPE_ID_TARGET)
#define core_type_exists(type) __builtin_preserve_type_info(*(typeof(type) *)0, TYPE_EXISTS)
#define core_type_size(type) __builtin_preserve_type_info(*(typeof(type) *)0, TYPE_SIZE)
#define core_type_matches(type) __builtin_preserve_type_info(*(typeof(type) *)0, TYPE_MATCHES)
#define core_enum_exists(type, value) __builtin_preserve_enum_value(*(typeof(type) *)value, ENUMVAL_EXISTS)
#define core_enum_value(type, value) __builtin_preserve_enum_value(*(typeof(type) *)value, ENUMVAL_VALUE)
#define core_read(dst, src) bpf_probe_read_kernel(dst, sizeof(*(dst)), (const void *)__builtin_preserve_access_index(src))

/* Keeps a value alive without saying what it is. */
#define keep(value) __asm__ volatile("" : "+r"(value))

char program_license[] SEC("license") = "GPL";
