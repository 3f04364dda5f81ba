//! `check_map_func_compatibility`: which kinds of maps go with which helper, asked of both.

use std::collections::HashMap;
use std::sync::LazyLock;

use skep_abi::{AttachType, Caller, KernelVersion, MapAnswer, MapType, ProgType};

use MapType as M;

/// Helpers that only some kinds of maps go with.
const BY_HELPER: &[(&str, &[MapType])] = &[
    ("bpf_tail_call", &[M::ProgArray]),
    ("bpf_perf_event_read", &[M::PerfEventArray]),
    ("bpf_perf_event_output", &[M::PerfEventArray]),
    ("bpf_perf_event_read_value", &[M::PerfEventArray]),
    ("bpf_skb_output", &[M::PerfEventArray]),
    ("bpf_xdp_output", &[M::PerfEventArray]),
    ("bpf_ringbuf_output", &[M::Ringbuf]),
    ("bpf_ringbuf_reserve", &[M::Ringbuf]),
    ("bpf_ringbuf_query", &[M::Ringbuf]),
    ("bpf_ringbuf_reserve_dynptr", &[M::Ringbuf]),
    ("bpf_ringbuf_submit_dynptr", &[M::Ringbuf]),
    ("bpf_ringbuf_discard_dynptr", &[M::Ringbuf]),
    ("bpf_user_ringbuf_drain", &[M::UserRingbuf]),
    ("bpf_get_stackid", &[M::StackTrace]),
    ("bpf_current_task_under_cgroup", &[M::CgroupArray]),
    ("bpf_skb_under_cgroup", &[M::CgroupArray]),
    ("bpf_redirect_map", &[M::Devmap, M::DevmapHash, M::Cpumap, M::Xskmap]),
    ("bpf_sk_redirect_map", &[M::Sockmap]),
    ("bpf_msg_redirect_map", &[M::Sockmap]),
    ("bpf_sock_map_update", &[M::Sockmap]),
    ("bpf_sk_redirect_hash", &[M::Sockhash]),
    ("bpf_msg_redirect_hash", &[M::Sockhash]),
    ("bpf_sock_hash_update", &[M::Sockhash]),
    ("bpf_get_local_storage", &[M::CgroupStorage, M::PercpuCgroupStorage]),
    ("bpf_sk_select_reuseport", &[M::ReuseportSockarray, M::Sockmap, M::Sockhash]),
    ("bpf_map_pop_elem", &[M::Queue, M::Stack]),
    ("bpf_map_peek_elem", &[M::Queue, M::Stack, M::BloomFilter]),
    ("bpf_map_push_elem", &[M::Queue, M::Stack, M::BloomFilter]),
    ("bpf_map_lookup_percpu_elem", &[M::PercpuArray, M::PercpuHash, M::LruPercpuHash]),
    ("bpf_sk_storage_get", &[M::SkStorage]),
    ("bpf_sk_storage_delete", &[M::SkStorage]),
    ("bpf_inode_storage_get", &[M::InodeStorage]),
    ("bpf_inode_storage_delete", &[M::InodeStorage]),
    ("bpf_task_storage_get", &[M::TaskStorage]),
    ("bpf_task_storage_delete", &[M::TaskStorage]),
    ("bpf_cgrp_storage_get", &[M::CgrpStorage]),
    ("bpf_cgrp_storage_delete", &[M::CgrpStorage]),
];

/// Kinds of maps that only some helpers go with.
const BY_MAP: &[(MapType, &[&str])] = &[
    (M::ProgArray, &["bpf_tail_call"]),
    (
        M::PerfEventArray,
        &[
            "bpf_perf_event_read",
            "bpf_perf_event_output",
            "bpf_skb_output",
            "bpf_perf_event_read_value",
            "bpf_xdp_output",
        ],
    ),
    (
        M::Ringbuf,
        &[
            "bpf_ringbuf_output",
            "bpf_ringbuf_reserve",
            "bpf_ringbuf_query",
            "bpf_ringbuf_reserve_dynptr",
            "bpf_ringbuf_submit_dynptr",
            "bpf_ringbuf_discard_dynptr",
        ],
    ),
    (M::UserRingbuf, &["bpf_user_ringbuf_drain"]),
    (M::StackTrace, &["bpf_get_stackid"]),
    (M::CgroupArray, &["bpf_skb_under_cgroup", "bpf_current_task_under_cgroup"]),
    (M::CgroupStorage, &["bpf_get_local_storage"]),
    (M::PercpuCgroupStorage, &["bpf_get_local_storage"]),
    (M::Devmap, &["bpf_redirect_map", "bpf_map_lookup_elem"]),
    (M::DevmapHash, &["bpf_redirect_map", "bpf_map_lookup_elem"]),
    (M::Cpumap, &["bpf_redirect_map"]),
    (M::Xskmap, &["bpf_redirect_map", "bpf_map_lookup_elem"]),
    (M::ArrayOfMaps, &["bpf_map_lookup_elem"]),
    (M::HashOfMaps, &["bpf_map_lookup_elem"]),
    (
        M::Sockmap,
        &[
            "bpf_sk_redirect_map",
            "bpf_sock_map_update",
            "bpf_msg_redirect_map",
            "bpf_sk_select_reuseport",
            "bpf_map_lookup_elem",
        ],
    ),
    (
        M::Sockhash,
        &[
            "bpf_sk_redirect_hash",
            "bpf_sock_hash_update",
            "bpf_msg_redirect_hash",
            "bpf_sk_select_reuseport",
            "bpf_map_lookup_elem",
        ],
    ),
    (M::ReuseportSockarray, &["bpf_sk_select_reuseport"]),
    (M::Queue, &["bpf_map_peek_elem", "bpf_map_pop_elem", "bpf_map_push_elem"]),
    (M::Stack, &["bpf_map_peek_elem", "bpf_map_pop_elem", "bpf_map_push_elem"]),
    (M::SkStorage, &["bpf_sk_storage_get", "bpf_sk_storage_delete", KPTR_XCHG]),
    (M::InodeStorage, &["bpf_inode_storage_get", "bpf_inode_storage_delete", KPTR_XCHG]),
    (M::TaskStorage, &["bpf_task_storage_get", "bpf_task_storage_delete", KPTR_XCHG]),
    (M::CgrpStorage, &["bpf_cgrp_storage_get", "bpf_cgrp_storage_delete", KPTR_XCHG]),
    (M::BloomFilter, &["bpf_map_peek_elem", "bpf_map_push_elem"]),
    (M::InsnArray, &[]),
];

const KPTR_XCHG: &str = "bpf_kptr_xchg";

/// Local storage holds kptrs since this release.
const KPTR_IN_STORAGE: KernelVersion = KernelVersion::new(6, 4);

const UPDATE_ELEM: &str = "bpf_map_update_elem";
const DELETE_ELEM: &str = "bpf_map_delete_elem";

/// Tells whether this program may pass such a map to that helper.
pub(super) fn takes(map: MapType, helper: u32, caller: &Caller<'_>) -> MapAnswer {
    static HELPERS: LazyLock<HashMap<&str, &[MapType]>> =
        LazyLock::new(|| BY_HELPER.iter().copied().collect());
    static MAPS: LazyLock<HashMap<MapType, &[&str]>> =
        LazyLock::new(|| BY_MAP.iter().copied().collect());
    let Some(helper) = crate::helper_name(helper) else { return MapAnswer::Refused };
    if let Some(helpers) = MAPS.get(&map) {
        let too_early = helper == KPTR_XCHG && caller.version < KPTR_IN_STORAGE;
        let changes_sockmap =
            matches!(map, M::Sockmap | M::Sockhash) && matches!(helper, UPDATE_ELEM | DELETE_ELEM);
        if changes_sockmap && !may_update_sockmap(helper, caller) {
            return MapAnswer::NoSockmapUpdate;
        }
        if !changes_sockmap && (too_early || !helpers.contains(&helper)) {
            return MapAnswer::Refused;
        }
    }
    match HELPERS.get(helper) {
        Some(maps) if !maps.contains(&map) => MapAnswer::Refused,
        _ => MapAnswer::Takes,
    }
}

/// Only where no socket can be locked already.
fn may_update_sockmap(helper: &str, caller: &Caller<'_>) -> bool {
    match caller.prog_type {
        ProgType::Tracing => caller.attach_type == AttachType::TraceIter,
        ProgType::SockOps => helper == DELETE_ELEM,
        ProgType::SocketFilter
        | ProgType::SchedCls
        | ProgType::SchedAct
        | ProgType::Xdp
        | ProgType::SkReuseport
        | ProgType::FlowDissector
        | ProgType::SkLookup => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{BY_HELPER, BY_MAP};

    #[test]
    fn the_tables_name_helpers_that_exist_once_each() {
        let names: Vec<&str> = (1..=211).filter_map(crate::helper_name).collect();
        for (at, (helper, _)) in BY_HELPER.iter().enumerate() {
            assert!(names.contains(helper), "{helper}");
            assert!(!BY_HELPER[..at].iter().any(|(other, _)| other == helper), "{helper}");
        }
        for (map, helpers) in BY_MAP {
            assert!(helpers.iter().all(|helper| names.contains(helper)), "{}", map.name());
        }
    }
}
