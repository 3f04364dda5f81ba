//! How a map is created: `union bpf_attr` of `BPF_MAP_CREATE`.

use skep_abi::{Errno, MapType};

use crate::BtfField;

bitflags::bitflags! {
    /// `BPF_F_*` of `BPF_MAP_CREATE`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct MapFlags: u32 {
        /// Elements are allocated when they are inserted.
        const NO_PREALLOC = 1 << 0;
        /// Each CPU has an LRU list of its own.
        const NO_COMMON_LRU = 1 << 1;
        /// `numa_node` says where the map lies.
        const NUMA_NODE = 1 << 2;
        /// User space only reads.
        const RDONLY = 1 << 3;
        /// User space only writes.
        const WRONLY = 1 << 4;
        /// Stack traces keep build ids and offsets.
        const STACK_BUILD_ID = 1 << 5;
        /// The hash has no random seed.
        const ZERO_SEED = 1 << 6;
        /// Programs only read.
        const RDONLY_PROG = 1 << 7;
        /// Programs only write.
        const WRONLY_PROG = 1 << 8;
        /// Socket maps.
        const CLONE = 1 << 9;
        /// User space may map it.
        const MMAPABLE = 1 << 10;
        /// Perf events stay when their file is closed.
        const PRESERVE_ELEMS = 1 << 11;
        /// Inner arrays may have any number of elements.
        const INNER_MAP = 1 << 12;
        /// Others, which the kind of map refuses.
        const _ = !0;
    }
}

/// What types the object gives a map's keys and values (`btf_key_type_id`, `btf_value_type_id`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyType {
    /// None to keys or none to values.
    #[default]
    None,
    /// Keys are a C `int` of 32 bits.
    Int,
    /// Keys are something else.
    Other,
}

/// Everything that makes a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapDef {
    /// Name for messages and for its `struct bpf_map`, which keeps the first 15 bytes.
    pub name: String,
    /// Kind.
    pub map_type: MapType,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// Greatest number of elements; bytes of a ring buffer.
    pub max_entries: u32,
    /// `map_flags`; unknown bits are refused as the kernel does.
    pub flags: MapFlags,
    /// `map_extra`.
    pub map_extra: u64,
    /// `numa_node`, which counts with [`MapFlags::NUMA_NODE`] only.
    pub numa_node: u32,
    /// The shape of inner maps, which a map of maps must have; the kernel takes it from an existing map.
    pub inner: Option<Box<MapDef>>,
    /// Types, which local storage demands.
    pub key_type: KeyType,
    /// Special fields of values, by ascending offset.
    pub fields: Vec<BtfField>,
}

impl MapDef {
    /// A map without flags.
    #[must_use]
    pub fn new(
        name: &str,
        map_type: MapType,
        key_size: u32,
        value_size: u32,
        max_entries: u32,
    ) -> Self {
        Self {
            name: name.to_owned(),
            map_type,
            key_size,
            value_size,
            max_entries,
            flags: MapFlags::empty(),
            map_extra: 0,
            numa_node: 0,
            inner: None,
            key_type: KeyType::None,
            fields: Vec::new(),
        }
    }

    /// The same with these flags.
    #[must_use]
    pub fn with_flags(mut self, flags: MapFlags) -> Self {
        self.flags = flags;
        self
    }

    /// The same with inner maps of this shape.
    #[must_use]
    pub fn with_inner(mut self, inner: Self) -> Self {
        self.inner = Some(Box::new(inner));
        self
    }

    /// The same with keys and values that have types.
    #[must_use]
    pub fn with_key_type(mut self, key_type: KeyType) -> Self {
        self.key_type = key_type;
        self
    }

    /// The same with values that have these special fields.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<BtfField>) -> Self {
        self.fields = fields;
        self
    }

    /// Whether a map of shape `other` may be put where this shape is wanted (`bpf_map_meta_equal`).
    #[must_use]
    pub fn may_hold(&self, other: &Self) -> bool {
        let is_same = self.map_type == other.map_type
            && self.key_size == other.key_size
            && self.value_size == other.value_size
            && self.flags == other.flags
            && self.fields == other.fields;
        // Look-ups in inner arrays are inlined with the number of elements, unless the shape says otherwise.
        let is_fixed = self.map_type == MapType::Array && !self.flags.contains(MapFlags::INNER_MAP);
        is_same && (!is_fixed || self.max_entries == other.max_entries)
    }
}

/// Why a map was not created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("map `{map}` cannot be created: {why} ({errno})")]
pub struct MapError {
    /// The map's name.
    pub map: String,
    /// What `BPF_MAP_CREATE` returns.
    pub errno: Errno,
    /// The rule it breaks.
    pub why: String,
}
