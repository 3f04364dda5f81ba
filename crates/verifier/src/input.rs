//! What is judged, and by which kernel: values that the caller fills in.

use skep_abi::{AttachType, CallTable, KernelVersion, MapType, ProgType};
use skep_btf::{Btf, TypeId};
use skep_isa::Insn;

/// A program as `BPF_PROG_LOAD` would be given it.
///
/// In `ld_imm64` with source `PSEUDO_MAP_FD` or `PSEUDO_MAP_VALUE`, `imm` is an index into [`Self::maps`]; a number
/// outside is a bad file descriptor.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Type.
    pub prog_type: ProgType,
    /// `expected_attach_type`; 0 when the section's name gives none.
    pub attach_type: AttachType,
    /// `attach_btf_id` in the kernel's BTF.
    pub attach_btf_id: Option<TypeId>,
    /// For struct_ops: the member's index (`expected_attach_type`).
    pub struct_ops_member: Option<u32>,
    /// `BPF_F_SLEEPABLE`.
    pub sleepable: bool,
    /// `BPF_F_XDP_HAS_FRAGS`.
    pub xdp_frags: bool,
    /// Whether alignment is checked even where the machine does not need it (`BPF_F_STRICT_ALIGNMENT`).
    pub strict_alignment: bool,
    /// Whether the licence is GPL-compatible.
    pub gpl_compatible: bool,
    /// The program and its subprograms.
    pub insns: &'a [Insn],
    /// Functions by first insn (`func_info`), ascending as the loader gives them; empty when there are none.
    pub funcs: &'a [FuncInfo],
    /// Source lines by first insn (`line_info`).
    pub lines: &'a [LineInfo],
    /// The object's types.
    pub btf: Option<&'a Btf>,
    /// The object's maps.
    pub maps: &'a [Map<'a>],
}

/// `struct bpf_func_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FuncInfo {
    /// First insn.
    pub insn: u32,
    /// `FUNC` in the object's BTF.
    pub ty: TypeId,
}

/// `struct bpf_line_info`; texts are offsets into the strings of the object's BTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineInfo {
    /// First insn.
    pub insn: u32,
    /// File name.
    pub file_off: u32,
    /// Text of the line.
    pub text_off: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// A map that a program may refer to.
#[derive(Clone, Debug)]
pub struct Map<'a> {
    /// Name.
    pub name: &'a str,
    /// Kind.
    pub map_type: MapType,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// Number of elements.
    pub max_entries: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// `map_extra`.
    pub extra: u64,
    /// Type of the key in the object's BTF.
    pub key_type: Option<TypeId>,
    /// Type of the value in the object's BTF.
    pub value_type: Option<TypeId>,
    /// What the maps within this one look like.
    pub inner: Option<Box<Map<'a>>>,
    /// The value of a frozen read-only array of one element (`.rodata`): loads from it yield constants.
    pub frozen: Option<&'a [u8]>,
    /// Variables of a data section: name, offset, size, for messages.
    pub is_data_section: bool,
}

impl Map<'_> {
    /// `BPF_F_RDONLY_PROG`.
    const RDONLY_PROG: u32 = 1 << 7;

    /// Whether programs may only read its values. Those of device maps are the kernel's own.
    pub(crate) fn is_read_only(&self) -> bool {
        self.flags & Self::RDONLY_PROG != 0
            || matches!(self.map_type, MapType::Devmap | MapType::DevmapHash)
    }
}

/// The kernel that judges.
#[derive(Clone, Copy)]
pub struct Kernel<'a> {
    /// Release.
    pub version: KernelVersion,
    /// Its types; perhaps a part of them ([`Self::left_out`]).
    pub btf: &'a Btf,
    /// Tells whether the kernel has a type of this name that `btf` lacks; then a program that needs it is
    /// unsupported, never rejected.
    pub left_out: &'a (dyn Fn(skep_btf::Kind, &str) -> bool + Sync),
    /// Tells whether a `CONFIG_*` option is set; `None` when unknown.
    pub config: &'a (dyn Fn(&str) -> Option<bool> + Sync),
    /// `NR_CPUS`.
    pub nr_cpus: u32,
    /// Possible CPUs.
    pub nr_cpu_ids: u32,
    /// Whether each kfunc takes trusted pointers alone, where this very kernel was asked; else the release decides.
    pub trusts_all_args: Option<bool>,
    /// Helpers and kfuncs.
    pub calls: &'a dyn CallTable,
}

impl core::fmt::Debug for Kernel<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Kernel").field("version", &self.version).finish_non_exhaustive()
    }
}
