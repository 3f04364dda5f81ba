//! What every profile must hold.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use skep_btf::{Btf, Kind, Type, TypeId};

/// Structs and unions that skep models or that programs read most, by name.
const TYPES: &[&str] = &[
    // Tasks and what hangs on them.
    "task_struct",
    "cred",
    "signal_struct",
    "sighand_struct",
    "thread_info",
    "thread_struct",
    "pid",
    "pid_namespace",
    "nsproxy",
    "uts_namespace",
    "mnt_namespace",
    "net",
    "user_namespace",
    "upid",
    "files_struct",
    "fdtable",
    "fs_struct",
    "css_set",
    "task_group",
    "rq",
    "cfs_rq",
    "io_context",
    "kernel_siginfo",
    "task_io_accounting",
    "rusage",
    "kuid_t",
    "kgid_t",
    "uid_gid_map",
    "user_struct",
    // Memory.
    "mm_struct",
    "vm_area_struct",
    "page",
    "folio",
    "mempolicy",
    "anon_vma",
    "address_space",
    "mem_cgroup",
    "slab",
    "kmem_cache",
    // Files.
    "file",
    "inode",
    "dentry",
    "path",
    "qstr",
    "super_block",
    "vfsmount",
    "mount",
    "file_system_type",
    "iov_iter",
    "kiocb",
    "bio",
    "request",
    "request_queue",
    "gendisk",
    "block_device",
    "pipe_inode_info",
    // Control groups.
    "cgroup",
    "cgroup_subsys_state",
    "cgroup_root",
    "cgroup_subsys",
    "cgroup_namespace",
    "kernfs_node",
    // CPUs.
    "cpumask",
    "cpumask_t",
    "cpumask_var_t",
    "bpf_cpumask",
    "nodemask_t",
    "pt_regs",
    "user_pt_regs",
    "bpf_user_pt_regs_t",
    "user_regs_struct",
    // perf.
    "perf_event",
    "perf_sample_data",
    "perf_event_attr",
    "perf_event_context",
    "perf_branch_entry",
    "perf_callchain_entry",
    "perf_raw_record",
    "perf_event_value",
    "pmu",
    "hw_perf_event",
    "trace_entry",
    "trace_event_call",
    "perf_event_header",
    "perf_event_mmap_page",
    "stack_trace_map",
    // Sockets and packets.
    "sock",
    "sock_common",
    "socket",
    "sk_buff",
    "skb_shared_info",
    "net_device",
    "inet_sock",
    "inet_connection_sock",
    "tcp_sock",
    "tcp6_sock",
    "udp_sock",
    "udp6_sock",
    "unix_sock",
    "mptcp_sock",
    "tcp_timewait_sock",
    "inet_timewait_sock",
    "tcp_request_sock",
    "inet_request_sock",
    "request_sock",
    "ipv6_pinfo",
    "iphdr",
    "ipv6hdr",
    "tcphdr",
    "udphdr",
    "icmphdr",
    "icmp6hdr",
    "ethhdr",
    "arphdr",
    "vlan_hdr",
    "sockaddr",
    "sockaddr_in",
    "sockaddr_in6",
    "sockaddr_un",
    "in_addr",
    "in6_addr",
    "proto",
    "xdp_md",
    "xdp_buff",
    "xdp_frame",
    "xdp_rxq_info",
    "sk_reuseport_md",
    "sk_msg_md",
    "sk_msg",
    "nf_hook_state",
    "nf_conn",
    "nf_conntrack",
    "xfrm_state",
    "flow_keys",
    "neighbour",
    "rtable",
    "dst_entry",
    "bpf_nf_ctx",
    "msghdr",
    "sockaddr_storage",
    "linger",
    "hrtimer",
    "timer_list",
    "ktime_t",
    // Contexts, user interface, and operations that BPF implements.
    "__sk_buff",
    "tcp_congestion_ops",
    "sched_ext_ops",
    "sched_ext_entity",
    "scx_dispatch_q",
    "scx_exit_info",
    "Qdisc",
    "Qdisc_ops",
    "hid_bpf_ops",
    "hid_bpf_ctx",
    "linux_binprm",
    "kern_ipc_perm",
    "key",
    "module",
    "kobject",
    "device",
    "seq_file",
    "seq_operations",
    "fib_result",
    "user_namespace",
    // Locks, lists and counters.
    "list_head",
    "hlist_node",
    "hlist_head",
    "rb_node",
    "rb_root",
    "rb_root_cached",
    "llist_node",
    "callback_head",
    "rcu_head",
    "refcount_t",
    "atomic_t",
    "atomic64_t",
    "spinlock_t",
    "mutex",
    "wait_queue_head",
    "work_struct",
    "percpu_counter",
    "percpu_ref",
    "seqcount_t",
    "kref",
    "timespec64",
    "__kernel_timespec",
    "timespec",
    "timeval",
    "gfp_t",
    "rwlock_t",
    "rw_semaphore",
    "bio_vec",
    "bvec_iter",
    "idr",
    "xarray",
    // Tunnels, link layer and others that programs read.
    "erspan_metadata",
    "geneve_opt",
    "vxlan_metadata",
    "ip_esp_hdr",
    "sockaddr_ll",
    "socket_alloc",
    "syscall_trace_enter",
    "lpm_trie",
];

/// Types whose name starts with one of these.
const TYPE_PREFIXES: &[&str] = &["bpf_", "trace_event_raw_", "scx_", "xdp_", "btf_"];

/// Structs whose name has one of these after that of another one: the members of that one that the verifier trusts.
const LISTS: &[&str] =
    &["__safe_rcu", "__safe_rcu_or_null", "__safe_trusted", "__safe_trusted_or_null"];

/// Functions whose name starts with one of these: hooks, iterators, and what programs attach to most.
const FUNCTION_PREFIXES: &[&str] =
    &["bpf_lsm_", "bpf_iter_", "bpf_fentry_test", "bpf_modify_return_test", "__x64_sys_", "vfs_"];

/// Functions by name.
const FUNCTIONS: &[&str] = &[
    "do_unlinkat",
    "do_filp_open",
    "do_sys_openat2",
    "do_nanosleep",
    "tcp_connect",
    "tcp_v4_connect",
    "tcp_v6_connect",
    "tcp_sendmsg",
    "tcp_recvmsg",
    "tcp_close",
    "tcp_set_state",
    "tcp_rcv_established",
    "tcp_retransmit_skb",
    "udp_sendmsg",
    "udp_recvmsg",
    "ip_rcv",
    "ip_output",
    "finish_task_switch",
    "try_to_wake_up",
    "wake_up_new_task",
    "do_exit",
    "kernel_clone",
    "schedule",
    "handle_mm_fault",
    "blk_mq_start_request",
    "security_file_open",
    "security_bprm_check",
    "security_inode_getattr",
    "filp_close",
    "dput",
    "mark_page_accessed",
    "__set_task_comm",
    "__sys_getsockname",
    "bpf_check",
    "bpf_get_numa_node_id",
    "bpf_ktime_get_ns",
    "bpf_local_storage_destroy",
    "bpf_local_storage_update",
    "bpf_rstat_flush",
    "bpf_sk_storage_free",
    "bpf_spin_lock",
    "bpf_spin_unlock",
    "btf_try_get_module",
    "cgroup_attach_task",
    "d_path",
    "dentry_open",
    "do_init_module",
    "eth_type_trans",
    "exit_creds",
    "hrtimer_start_range_ns",
    "htab_map_delete_elem",
    "inet6_sock_destruct",
    "inet_csk_accept",
    "inet_csk_listen_start",
    "inet_stream_connect",
    "lookup_elem_raw",
    "mptcp_pm_new_connection",
    "rcu_tasks_trace_postgp",
    "rcu_tasks_trace_pregp_step",
    "skb_tx_error",
    "unix_listen",
    "update_socket_protocol",
];

/// Names of every kfunc that a kernel of the fact tables registers: second column of `kfunc-sets-*.tsv`.
pub(super) fn kfuncs(facts: &Path) -> Result<Vec<String>, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", facts.display());
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(facts).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        if name.starts_with("kfunc-sets-") {
            let table = fs::read_to_string(&path).map_err(fail)?;
            names.extend(
                table.lines().filter_map(|line| line.split('\t').nth(1)).map(str::to_owned),
            );
        }
    }
    // Since 7.0, a kfunc with implicit arguments has its full prototype under a second name.
    let full: Vec<String> = names.iter().map(|name| format!("{name}_impl")).collect();
    names.extend(full);
    if names.is_empty() {
        return Err(format!("{} has no kfunc-sets-*.tsv", facts.display()));
    }
    Ok(names.into_iter().collect())
}

/// The ids that the reduction starts from.
pub(super) fn seeds(btf: &Btf, kfuncs: &[String]) -> Vec<TypeId> {
    let types: HashSet<&str> = TYPES.iter().copied().collect();
    let functions: HashSet<&str> =
        FUNCTIONS.iter().copied().chain(kfuncs.iter().map(String::as_str)).collect();
    let has =
        |name: &str, prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let mut seeds = Vec::new();
    for id in btf.ids() {
        let ty = btf.ty(id);
        let name = ty.name();
        let wanted = match ty.kind() {
            Kind::Int | Kind::Float => true,
            Kind::Struct | Kind::Union | Kind::Typedef | Kind::Enum | Kind::Enum64 => {
                types.contains(name)
                    || has(name, TYPE_PREFIXES)
                    || LISTS.iter().any(|list| name.ends_with(list))
                    || has_bpf_values(&ty)
            }
            Kind::Func => {
                functions.contains(name)
                    || has(name, FUNCTION_PREFIXES)
                    || is_telling_stub(btf, &ty)
            }
            _ => false,
        };
        if wanted {
            seeds.push(id);
        }
        if let Type::DeclTag { value: "bpf_kfunc", target, .. } = ty {
            seeds.push(target);
        }
    }
    seeds
}

/// Whether it is the stub of an operation (`Qdisc_ops__enqueue`) that tells more of an argument than its type.
fn is_telling_stub(btf: &Btf, func: &Type<'_>) -> bool {
    let proto = func.target().map(|proto| btf.ty(proto));
    let Some(Type::FuncProto(proto)) = proto.filter(|_| func.name().contains("_ops__")) else {
        return false;
    };
    let tells = |name: &str| name.ends_with("__ref") || name.ends_with("__nullable");
    proto.params().any(|param| tells(param.name))
}

/// Whether it is an enum of the BPF user interface, most of which have no name.
fn has_bpf_values(ty: &Type<'_>) -> bool {
    ty.enumeration().is_some_and(|found| {
        found.values().any(|value| value.name.starts_with("BPF_") || value.name.starts_with("XDP_"))
    })
}
