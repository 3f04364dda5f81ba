//! The words of a packet's context that are not what lies in memory: `bpf_convert_ctx_access` and
//! `xdp_convert_ctx_access` of `net/core/filter.c`.

use skep_abi::{Addr, ProgType};

use super::skb::SkbField;

/// A packet pointer: a word of 32 bits in the uapi struct, of which a load gives 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// `data`
    Data,
    /// `data_end`
    DataEnd,
    /// `data_meta`
    DataMeta,
}

/// What loads of packet pointers give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointers {
    /// The context that they belong to.
    pub ctx: Addr,
    /// First byte.
    pub data: Addr,
    /// The byte after the last one.
    pub data_end: Addr,
    /// First byte of the metadata.
    pub data_meta: Addr,
}

impl Pointers {
    /// One of them.
    #[must_use]
    pub const fn get(&self, pointer: Pointer) -> Addr {
        match pointer {
            Pointer::Data => self.data,
            Pointer::DataEnd => self.data_end,
            Pointer::DataMeta => self.data_meta,
        }
    }
}

/// A word of 32 bits whose field in the kernel is narrower: what a store of it leaves there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CtxStore {
    /// The lower half.
    Half,
    /// The lower half; nothing where the number is `NO_QUEUE_MAPPING` or above.
    QueueMapping,
}

impl CtxStore {
    /// What a stored word becomes; `None` where nothing is stored.
    #[must_use]
    pub const fn apply(self, value: u32) -> Option<u32> {
        match self {
            Self::Half => Some(value & 0xffff),
            Self::QueueMapping if value >= 0xffff => None,
            Self::QueueMapping => Some(value),
        }
    }
}

/// Program types whose context is a `struct __sk_buff`.
const SKB: &[ProgType] = &[
    ProgType::SocketFilter,
    ProgType::SchedCls,
    ProgType::SchedAct,
    ProgType::CgroupSkb,
    ProgType::LwtIn,
    ProgType::LwtOut,
    ProgType::LwtXmit,
    ProgType::LwtSeg6local,
    ProgType::SkSkb,
    ProgType::FlowDissector,
];

/// Offsets of pointers in `struct __sk_buff` and `struct xdp_md`.
const SKB_POINTERS: &[(u64, Pointer)] = &[
    (SkbField::DATA, Pointer::Data),
    (SkbField::DATA_END, Pointer::DataEnd),
    (SkbField::DATA_META, Pointer::DataMeta),
];
const XDP_POINTERS: &[(u64, Pointer)] =
    &[(0, Pointer::Data), (4, Pointer::DataEnd), (8, Pointer::DataMeta)];

/// Offsets of narrow fields in `struct __sk_buff`.
const SKB_STORES: &[(u64, CtxStore)] = &[
    (SkbField::QUEUE_MAPPING, CtxStore::QueueMapping),
    (SkbField::TC_INDEX, CtxStore::Half),
    (SkbField::TC_CLASSID, CtxStore::Half),
];

/// Whether programs of this type see a packet through their context.
#[must_use]
pub fn has_packet(prog_type: ProgType) -> bool {
    prog_type == ProgType::Xdp || SKB.contains(&prog_type)
}

/// The pointer that a load of 32 bits at this offset of the context gives.
#[must_use]
pub fn pointer_at(prog_type: ProgType, offset: i16) -> Option<Pointer> {
    let table = match prog_type {
        ProgType::Xdp => XDP_POINTERS,
        other if SKB.contains(&other) => SKB_POINTERS,
        _ => return None,
    };
    let offset = u64::try_from(offset).ok()?;
    table.iter().find(|row| row.0 == offset).map(|row| row.1)
}

/// What a store of 32 bits at this offset of the context does, where it is not what it seems.
#[must_use]
pub fn store_at(prog_type: ProgType, offset: i16) -> Option<CtxStore> {
    let offset = u64::try_from(offset).ok()?;
    let row = SKB_STORES.iter().find(|row| row.0 == offset)?;
    SKB.contains(&prog_type).then_some(row.1)
}
