//! The catalogue: every helper and kfunc of the simulated kernel, in files named after the kernel's.
//!
//! A call is one function with one attribute: its signature is the prototype, its doc comment the
//! documentation, and the attribute says who may call it since when. [`CATALOGUE`] is what loader, interpreter
//! and `skep list` read.
//!
//! ```
//! use skep_abi::{KernelVersion, Permit, ProgType};
//!
//! let call = skep_calls::by_name("bpf_get_stackid").unwrap();
//! assert_eq!(call.spec.permit(ProgType::PerfEvent, KernelVersion::new(6, 18)), Permit::Allowed);
//! assert_eq!(call.spec.permit(ProgType::Xdp, KernelVersion::new(6, 18)), Permit::Denied);
//! ```

mod arg;
mod bits_iter;
mod bpf_cgrp_storage;
mod bpf_inode_storage;
mod bpf_iter;
mod bpf_sk_storage;
mod bpf_task_storage;
mod bpf_trace;
mod bprintf;
mod call;
mod cgroup;
mod cgroup_storage;
mod core;
mod cpu;
mod cpumask;
mod dynptr;
mod exception;
mod filter;
mod graph;
mod kfunc_hook;
mod kptr;
mod local_storage;
mod maccess;
mod map;
mod names;
mod obj;
mod prog_set;
mod proto;
mod rcu;
mod ret;
mod ringbuf;
mod sched_ext;
mod snprintf;
mod spin_lock;
mod stackmap;
mod strings;
mod surface;
mod task;
mod time;

use std::collections::HashMap;
use std::sync::LazyLock;

use arg::Arg;
use call::CallSet;
pub use call::{Call, Older, RunFn};
pub use names::helper_name;
pub use proto::{KernelCalls, Lockdown};
use ret::Ret;
use skep_abi::CallKind;
pub use surface::{SurfaceKind, SurfaceRow, surface};

/// All calls, a set for each source file.
pub static CATALOGUE: &[&[Call]] = &[
    map::MapElem::CALLS,
    map::MapQueue::CALLS,
    core::Core::CALLS,
    cpu::ThisCpu::CALLS,
    cpumask::Cpumask::CALLS,
    rcu::Sections::CALLS,
    kptr::Kptrs::CALLS,
    obj::Objects::CALLS,
    graph::Lists::CALLS,
    graph::Trees::CALLS,
    cpu::PercpuVars::CALLS,
    time::Time::CALLS,
    task::Current::CALLS,
    cgroup::CurrentCgroup::CALLS,
    cgroup::CgroupRefs::CALLS,
    bpf_task_storage::TaskStorage::CALLS,
    bpf_cgrp_storage::CgrpStorage::CALLS,
    bpf_inode_storage::InodeStorage::CALLS,
    bpf_sk_storage::SkStorage::CALLS,
    snprintf::Snprintf::CALLS,
    bpf_iter::Loops::CALLS,
    bpf_iter::IterNums::CALLS,
    strings::Strings::CALLS,
    cgroup_storage::LocalStorage::CALLS,
    spin_lock::SpinLocks::CALLS,
    bits_iter::IterBitsCalls::CALLS,
    exception::Preempt::CALLS,
    exception::Exceptions::CALLS,
    filter::SkbBytes::CALLS,
    filter::SkbChange::CALLS,
    filter::Csum::CALLS,
    filter::XdpCalls::CALLS,
    filter::SkLookups::CALLS,
    filter::Redirects::CALLS,
    filter::Routes::CALLS,
    filter::Tunnels::CALLS,
    ringbuf::RingbufCalls::CALLS,
    ringbuf::RingbufDynptrs::CALLS,
    dynptr::Dynptrs::CALLS,
    dynptr::DynptrShape::CALLS,
    dynptr::DynptrBytes::CALLS,
    dynptr::PacketDynptrs::CALLS,
    stackmap::Stacks::CALLS,
    bpf_trace::ProbeRead::CALLS,
    bpf_trace::Printk::CALLS,
    bpf_trace::Perf::CALLS,
    bpf_trace::CurrentTask::CALLS,
    bpf_trace::Cookie::CALLS,
    bpf_trace::FuncIp::CALLS,
    sched_ext::Ext::CALLS,
    sched_ext::Idle::CALLS,
    sched_ext::SelectCpu::CALLS,
];

/// All calls, one after the other.
pub fn calls() -> impl Iterator<Item = &'static Call> {
    CATALOGUE.iter().copied().flatten()
}

/// The helper with this number.
#[must_use]
pub fn helper(id: u32) -> Option<&'static Call> {
    static BY_ID: LazyLock<Vec<Option<&'static Call>>> = LazyLock::new(|| {
        let mut by_id = Vec::new();
        for call in calls() {
            if let CallKind::Helper(id) = call.spec.kind {
                let id = id as usize;
                by_id.resize(by_id.len().max(id + 1), None);
                by_id[id] = Some(call);
            }
        }
        by_id
    });
    *BY_ID.get(usize::try_from(id).ok()?)?
}

/// The call with this full kernel name, in any release.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Call> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Call>> = LazyLock::new(|| {
        let older =
            calls().flat_map(|call| call.spec.old_names.iter().map(move |old| (old.1, call)));
        older.chain(calls().map(|call| (call.spec.name, call))).collect()
    });
    BY_NAME.get(name).copied()
}
