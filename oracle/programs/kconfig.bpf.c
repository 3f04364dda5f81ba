/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Kernel options as externs, of every type that they can have. */
#include "oracle.h"

enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };

extern u32 LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_BPF_COOKIE __kconfig __weak;
extern bool LINUX_HAS_SYSCALL_WRAPPER __kconfig __weak;
extern bool CONFIG_BPF_SYSCALL __kconfig;
extern enum libbpf_tristate CONFIG_BPF_JIT __kconfig;
extern char CONFIG_64BIT __kconfig;
extern u64 CONFIG_HZ __kconfig;
extern int CONFIG_NR_CPUS __kconfig;
extern u16 CONFIG_LOG_BUF_SHIFT __kconfig __weak;
extern const char CONFIG_DEFAULT_HOSTNAME[16] __kconfig __weak;
extern const char CONFIG_CC_VERSION_TEXT[8] __kconfig __weak;
extern u64 CONFIG_THERE_IS_NO_SUCH_OPTION __kconfig __weak;

SEC("perf_event") int entry(void *ctx)
{
	u64 sum = LINUX_KERNEL_VERSION + CONFIG_HZ + CONFIG_NR_CPUS + CONFIG_LOG_BUF_SHIFT;
	if (CONFIG_BPF_SYSCALL && CONFIG_BPF_JIT == TRI_YES)
		sum += CONFIG_64BIT;
	if (LINUX_HAS_BPF_COOKIE || LINUX_HAS_SYSCALL_WRAPPER)
		sum++;
	u32 at = bpf_get_smp_processor_id() & 7;
	return sum + CONFIG_DEFAULT_HOSTNAME[at] + CONFIG_CC_VERSION_TEXT[at] + CONFIG_THERE_IS_NO_SUCH_OPTION;
}
