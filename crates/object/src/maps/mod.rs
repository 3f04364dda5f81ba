//! Maps as an object declares them.

pub(crate) mod arena;
pub(crate) mod data;
pub(crate) mod definition;
pub(crate) mod legacy;
pub(crate) mod slots;
pub(crate) mod struct_ops;

use std::sync::Arc;

use skep_abi::MapType;
use skep_btf::TypeId;

use crate::{MapIdx, ProgIdx};

/// A map that an object declares, or that stands for one of its data sections.
#[derive(Clone, Debug, PartialEq)]
pub struct MapSpec {
    /// Name as libbpf gives it: the variable's, or for data sections the object's first characters and the
    /// section's name. Kernels keep the first 15 bytes.
    pub name: String,
    /// ELF section that declares it, such as `.maps`, `.rodata` or `.kconfig`.
    pub section: String,
    /// What it stands for.
    pub origin: MapOrigin,
    /// `enum bpf_map_type` as declared; may be a number that no kernel has.
    pub map_type: u32,
    /// The same as a word, when it is known.
    pub kind: Option<MapType>,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value. The `.bss` of a hostile object may claim nearly 4 GiB: nothing is allocated for it here.
    pub value_size: u32,
    /// Elements. 0 in a `PERF_EVENT_ARRAY` means one per possible CPU; ring buffers are already rounded up
    /// to a power of two of pages, as libbpf does.
    pub max_entries: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// `map_extra`: hash functions of a bloom filter, address of an arena.
    pub map_extra: u64,
    /// NUMA node, which counts only with `BPF_F_NUMA_NODE` in `flags`.
    pub numa_node: u32,
    /// Type of a key in the object's BTF.
    pub key_type: Option<TypeId>,
    /// Type of a value in the object's BTF; the `DATASEC` for data sections.
    pub value_type: Option<TypeId>,
    /// What the maps inside a map of maps are like.
    pub inner: Option<Box<MapSpec>>,
    /// What it holds at first.
    pub init: MapInit,
    /// Whether it outlives its process.
    pub pinning: Pinning,
    /// Whether it is created when the object is loaded: false for `?.struct_ops`.
    pub autocreate: bool,
    /// Variables of a data section by offset; empty for other maps.
    pub variables: Vec<Variable>,
    /// What a struct_ops map implements.
    pub struct_ops: Option<StructOpsSpec>,
}

/// What a map stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapOrigin {
    /// Declared in `.maps` with BTF.
    Btf,
    /// Declared in `maps` with a plain struct, as before BTF.
    Legacy,
    /// `.data` and `.data.*`.
    Data,
    /// `.rodata` and `.rodata.*`.
    Rodata,
    /// `.bss` and `.bss.*`.
    Bss,
    /// Externs of `.kconfig`.
    Kconfig,
    /// `.struct_ops`, `.struct_ops.link` and the same with `?`.
    StructOps,
    /// A jump table of one program (`.jumptables`).
    JumpTable,
}

/// What a map holds when it is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapInit {
    /// Nothing; an array is all zero.
    Empty,
    /// The value of element 0, `value_size` bytes.
    Data(Arc<[u8]>),
    /// Elements by index: `.values` of maps of maps and program arrays.
    Slots(Vec<(u32, Slot)>),
    /// An arena's `__arena` variables, at this byte offset of the arena.
    Arena {
        /// Bytes from the arena's start: 0 before Linux 7.0, later the arena's last whole pages.
        offset: u64,
        /// Their values.
        data: Arc<[u8]>,
    },
    /// Jump targets as insn offsets from the program's start.
    Targets(Vec<crate::InsnIdx>),
}

/// An element of a map of maps or of a program array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// A map.
    Map(MapIdx),
    /// A program.
    Program(ProgIdx),
}

/// Whether a map outlives its process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pinning {
    /// It does not.
    #[default]
    None,
    /// Pinned under its name in the BPF file system (`LIBBPF_PIN_BY_NAME`).
    ByName,
}

/// A variable of a data section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// Type in the object's BTF (what the `VAR` refers to).
    pub ty: Option<TypeId>,
    /// Bytes from the section's start.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
}

/// A struct of kernel operations that an object implements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructOpsSpec {
    /// The struct in the object's BTF.
    pub ty: TypeId,
    /// Its name without flavour (`___x`).
    pub type_name: String,
    /// Initial bytes as the object has them, function pointers zero.
    pub data: Arc<[u8]>,
    /// Members that are programs.
    pub programs: Vec<StructOpsMember>,
    /// Whether it attaches through a link (`.struct_ops.link`).
    pub is_link: bool,
    /// The kernel's struct of the same name, after resolution.
    pub kernel_type: Option<TypeId>,
    /// The kernel's `bpf_struct_ops_NAME`, after resolution.
    pub kernel_value_type: Option<TypeId>,
}

/// A function pointer of a struct of kernel operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructOpsMember {
    /// Member by name.
    pub name: String,
    /// Byte offset within the object's struct.
    pub offset: u32,
    /// The program that implements it.
    pub program: ProgIdx,
}
