//! An object fitted to one kernel.

use std::sync::Arc;

use skep_abi::{AttachType, ProgType};
use skep_btf::{Btf, TypeId};
use skep_isa::Insn;

use crate::{InsnIdx, MapSpec, Missing, ResolveError};

/// An object fitted to one kernel.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// As in [`crate::ObjectSpec::name`].
    pub name: String,
    /// As in [`crate::ObjectSpec::license`].
    pub license: String,
    /// As in [`crate::ObjectSpec::kern_version`].
    pub kern_version: Option<u32>,
    /// Maps, which the insns refer to by index. Those of the [`crate::ObjectSpec`] come first, `.kconfig`
    /// filled in; jump tables follow.
    pub maps: Vec<MapSpec>,
    /// Every entry program in the order of [`crate::ObjectSpec::programs`], usable or not.
    pub programs: Vec<ResolvedProgram>,
    /// The object's types.
    pub btf: Option<Btf>,
}

/// A program with its subprograms appended, ready to be verified.
///
/// In `ld_imm64` with source `PSEUDO_MAP_FD` or `PSEUDO_MAP_VALUE`, `imm` is an index into [`Resolved::maps`] and
/// the second slot's `imm` the offset within the value. Calls of subprograms and `PSEUDO_FUNC` are relative, as
/// the kernel takes them; `PSEUDO_KFUNC_CALL` and `PSEUDO_BTF_ID` hold ids of the kernel's BTF; symbols without
/// a type are plain 64-bit constants.
#[derive(Clone, Debug)]
pub struct ResolvedProgram {
    /// The function's name.
    pub name: String,
    /// ELF section without a leading `?`.
    pub section: Arc<str>,
    /// Type.
    pub prog_type: ProgType,
    /// `expected_attach_type`.
    pub attach_type: Option<AttachType>,
    /// As in [`crate::ProgramSpec::attach_target`].
    pub attach_target: Option<Arc<str>>,
    /// `attach_btf_id`: the function, tracepoint typedef or struct of operations in the kernel's BTF.
    pub attach_btf_id: Option<TypeId>,
    /// For struct_ops: the member's index in the kernel's struct (`expected_attach_type` when loading).
    pub struct_ops_member: Option<u32>,
    /// `BPF_F_SLEEPABLE`.
    pub sleepable: bool,
    /// `BPF_F_XDP_HAS_FRAGS`.
    pub xdp_frags: bool,
    /// Whether loading the object loads it.
    pub autoload: bool,
    /// The program, then its subprograms in libbpf's order. As far as resolution came when `outcome` is a
    /// failure.
    pub insns: Vec<Insn>,
    /// The program and its subprograms by first insn.
    pub funcs: Vec<FuncInfo>,
    /// Source lines by first insn; empty without `.BTF.ext`.
    pub lines: Vec<LineInfo>,
    /// CO-RE relocations by insn.
    pub core_relocations: Vec<CoreRelocation>,
    /// Whether it can be used.
    pub outcome: Outcome,
}

impl ResolvedProgram {
    /// What the kernel profile lacks that the program needs.
    #[must_use]
    pub fn unsupported(&self) -> Option<&Missing> {
        match &self.outcome {
            Outcome::Unsupported(missing) => Some(missing),
            Outcome::Ready | Outcome::Failed(_) => None,
        }
    }

    /// Why the program can be used on no kernel, or not on this one.
    #[must_use]
    pub fn error(&self) -> Option<&ResolveError> {
        match &self.outcome {
            Outcome::Failed(error) => Some(error),
            Outcome::Ready | Outcome::Unsupported(_) => None,
        }
    }

    /// The line that an insn was compiled from: the last that starts at or before it.
    #[must_use]
    pub fn line_of(&self, insn: InsnIdx) -> Option<&LineInfo> {
        let after = self.lines.partition_point(|line| line.insn <= insn);
        self.lines.get(after.checked_sub(1)?)
    }

    /// The function that an insn belongs to.
    #[must_use]
    pub fn func_of(&self, insn: InsnIdx) -> Option<&FuncInfo> {
        let after = self.funcs.partition_point(|func| func.insn <= insn);
        self.funcs.get(after.checked_sub(1)?)
    }
}

/// Whether a program can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It can.
    Ready,
    /// The profile is reduced and lacks something that the program needs: nothing is said about the kernel.
    Unsupported(Missing),
    /// It cannot.
    Failed(ResolveError),
}

/// A function of a program: `struct bpf_func_info` with the ELF symbol's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FuncInfo {
    /// First insn.
    pub insn: InsnIdx,
    /// Name.
    pub name: String,
    /// The `FUNC` in the object's BTF; none without `.BTF.ext`.
    pub ty: Option<TypeId>,
    /// Whether the verifier judges it on its own: global and not hidden.
    pub is_global: bool,
}

/// A source line: `struct bpf_line_info`. Texts stay in the object's BTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineInfo {
    /// First insn.
    pub insn: InsnIdx,
    /// Offset of the file's name in the strings of the object's BTF.
    pub file_off: u32,
    /// Offset of the line's text, likewise.
    pub text_off: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1; 0 when unknown.
    pub column: u32,
}

impl LineInfo {
    /// The file's name as the compiler was given it; empty when unknown.
    #[must_use]
    pub fn file<'a>(&self, btf: &'a Btf) -> &'a str {
        btf.str_at(self.file_off).unwrap_or("")
    }

    /// The line's text without indentation; empty when unknown.
    #[must_use]
    pub fn text<'a>(&self, btf: &'a Btf) -> &'a str {
        btf.str_at(self.text_off).unwrap_or("").trim()
    }
}

/// A question to the kernel's types, and the insn that holds the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreRelocation {
    /// The insn.
    pub insn: InsnIdx,
    /// What was asked for, such as `byte_off of struct task_struct.pid (0:86)`.
    pub what: Arc<str>,
    /// Whether the kernel has no counterpart. Then the insn is poisoned as libbpf does: harmless where it is
    /// never reached.
    pub is_poisoned: bool,
}
