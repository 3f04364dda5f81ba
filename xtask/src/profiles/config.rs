//! The options that a kernel was built with, as far as its BTF or its distributor tells.

use skep_btf::{Btf, Kind};

use super::source::Source;

/// Options that a type or function of the kernel proves: option, kind, name.
const PROVEN: &[(&str, Kind, &str)] = &[
    ("CONFIG_BPF_SYSCALL", Kind::Struct, "bpf_prog_aux"),
    ("CONFIG_BPF_EVENTS", Kind::Func, "perf_event_set_bpf_prog"),
    ("CONFIG_BPF_LSM", Kind::Func, "bpf_lsm_file_open"),
    ("CONFIG_BPF_STREAM_PARSER", Kind::Func, "sock_map_prog_update"),
    ("CONFIG_CGROUPS", Kind::Func, "cgroup_attach_task"),
    ("CONFIG_CGROUP_BPF", Kind::Func, "cgroup_bpf_inherit"),
    ("CONFIG_CGROUP_NET_CLASSID", Kind::Func, "task_cls_state"),
    ("CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS", Kind::Func, "register_ftrace_direct"),
    ("CONFIG_FPROBE", Kind::Func, "register_fprobe"),
    ("CONFIG_FUNCTION_ERROR_INJECTION", Kind::Func, "within_error_injection_list"),
    ("CONFIG_BPF_KPROBE_OVERRIDE", Kind::Func, "bpf_override_return"),
    ("CONFIG_HID_BPF", Kind::Struct, "hid_bpf_ctx"),
    ("CONFIG_INET", Kind::Struct, "tcp_sock"),
    ("CONFIG_IPV6", Kind::Struct, "ipv6_pinfo"),
    ("CONFIG_KEYS", Kind::Struct, "key"),
    ("CONFIG_KPROBES", Kind::Func, "register_kprobe"),
    ("CONFIG_LWTUNNEL_BPF", Kind::Func, "bpf_lwt_prog_cmp"),
    ("CONFIG_MEMCG", Kind::Func, "mem_cgroup_css_alloc"),
    ("CONFIG_NET", Kind::Struct, "sk_buff"),
    ("CONFIG_NETFILTER_BPF_LINK", Kind::Func, "bpf_nf_link_attach"),
    ("CONFIG_NUMA", Kind::Func, "numa_add_cpu"),
    ("CONFIG_PERF_EVENTS", Kind::Struct, "perf_event"),
    ("CONFIG_PREEMPT_DYNAMIC", Kind::Func, "preempt_model_none"),
    ("CONFIG_SCHED_CLASS_EXT", Kind::Struct, "sched_ext_ops"),
    ("CONFIG_SMP", Kind::Func, "smp_call_function_single"),
    ("CONFIG_UPROBES", Kind::Struct, "uprobe"),
    ("CONFIG_XDP_SOCKETS", Kind::Struct, "xdp_sock"),
];

/// Of these, options that are not set where the function is missing: it is not static, so nothing inlines it.
const DISPROVEN: &[&str] = &["CONFIG_FUNCTION_ERROR_INJECTION"];

/// Options that Debian sets in `debian/config` for every release that profiles are made of.
const DEBIAN: &[(&str, &str)] = &[("CONFIG_HZ", "250"), ("CONFIG_HZ_250", "y")];

/// Each option as the head of a profile has it: `NAME=VALUE source`.
pub(super) fn options(source: &Source, btf: &Btf) -> Result<Vec<String>, String> {
    let cpumask = btf.find("cpumask", Kind::Struct).and_then(|id| btf.size_of(id));
    let nr_cpus = cpumask.ok_or("no struct cpumask")? * 8;
    let mut options = vec![format!("CONFIG_NR_CPUS={nr_cpus} sizeof(struct cpumask)")];
    options.push("CONFIG_DEBUG_INFO_BTF=y there is BTF".to_owned());
    match source.arch.as_str() {
        "x86_64" => options.push("CONFIG_X86_64=y architecture".to_owned()),
        "aarch64" => options.push("CONFIG_ARM64=y architecture".to_owned()),
        _ => {}
    }
    for (option, kind, name) in PROVEN {
        if btf.find(name, *kind).is_some() {
            options.push(format!("{option}=y BTF has {} {name}", kind.name()));
        } else if DISPROVEN.contains(option) {
            options.push(format!("{option}=n BTF has no {} {name}", kind.name()));
        }
    }
    if source.distribution == "debian" {
        options.extend(
            DEBIAN.iter().map(|(option, value)| format!("{option}={value} Debian's configuration")),
        );
    }
    options.sort();
    Ok(options)
}
