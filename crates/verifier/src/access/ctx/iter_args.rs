//! Arguments of iterators over kernel objects that are not as their types say (`ctx_arg_info` of each target).

use skep_abi::TypeFlags;

use crate::state::{Base, RegType};

/// Iterator, offset of the argument, its type.
static ARGS: &[(&str, i32, Base, TypeFlags)] = {
    use Base::{BtfId, Buf};
    const NULL: TypeFlags = TypeFlags::PTR_MAYBE_NULL;
    const TRUSTED: TypeFlags = NULL.union(TypeFlags::PTR_TRUSTED);
    const READ_ONLY: TypeFlags = NULL.union(TypeFlags::MEM_RDONLY);
    &[
        ("task", 8, BtfId, TRUSTED),
        ("task_file", 8, BtfId, NULL),
        ("task_file", 24, BtfId, NULL),
        ("task_vma", 8, BtfId, NULL),
        ("task_vma", 16, BtfId, NULL),
        ("bpf_map", 8, BtfId, TRUSTED),
        ("bpf_map_elem", 16, Buf, READ_ONLY),
        ("bpf_map_elem", 24, Buf, NULL),
        ("bpf_prog", 8, BtfId, NULL),
        ("bpf_link", 8, BtfId, NULL),
        ("bpf_sk_storage_map", 16, BtfId, NULL),
        ("bpf_sk_storage_map", 24, Buf, NULL),
        ("sockmap", 16, Buf, READ_ONLY),
        ("sockmap", 24, BtfId, NULL),
        ("tcp", 8, BtfId, TRUSTED),
        ("udp", 8, BtfId, TRUSTED),
        ("unix", 8, BtfId, NULL),
        ("netlink", 8, BtfId, NULL),
        ("ipv6_route", 8, BtfId, NULL),
        ("ksym", 8, BtfId, NULL),
        ("cgroup", 8, BtfId, TRUSTED),
        ("kmem_cache", 8, BtfId, TRUSTED),
        ("dmabuf", 8, BtfId, NULL),
    ]
};

/// The type of an argument of `bpf_iter_NAME` that the kernel describes on its own.
pub(super) fn of(function: &str, off: i32) -> Option<RegType> {
    let name = function.strip_prefix("bpf_iter_")?;
    let arg = ARGS.iter().find(|arg| arg.0 == name && arg.1 == off)?;
    Some(RegType::with(arg.2, arg.3))
}
