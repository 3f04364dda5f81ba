//! An object as parsed: no kernel chosen yet.

use std::sync::Arc;

use skep_abi::{AttachType, ProgType};
use skep_btf::Btf;

use crate::code::Code;
use crate::externs::ExternSpec;
use crate::maps::arena::Arena;
use crate::reloc::Faults;
use crate::section_name::SectionDef;
use crate::{KernelProfile, MapSpec, ObjectError, ResolveError, Resolved, parse, resolve};

/// One object file, parsed and checked, but not yet fitted to a kernel.
#[derive(Clone, Debug)]
pub struct ObjectSpec {
    /// Name of the object: the file's name up to its first dot, at most 15 bytes, as libbpf has it.
    pub name: String,
    /// Text of the `license` section; empty when there is none.
    pub license: String,
    /// Number in the `version` section (`LINUX_VERSION_CODE`), which kernels before 5.0 wanted for kprobes.
    pub kern_version: Option<u32>,
    /// Entry programs in the order of their sections and, within these, of their code.
    pub programs: Vec<ProgramSpec>,
    /// Maps in libbpf's order: `.maps`, then data sections, `.kconfig`, struct_ops.
    pub maps: Vec<MapSpec>,
    /// What the object wants from the kernel, in libbpf's order.
    pub externs: Vec<ExternSpec>,
    /// The object's types, sections completed with their sizes and offsets; decl and type tags kept.
    pub btf: Option<Btf>,
    pub(crate) body: Arc<Body>,
}

/// What resolution needs besides.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) code: Code,
    pub(crate) faults: Faults,
    pub(crate) arena: Option<Arena>,
    /// The map of `.kconfig`, when there is one.
    pub(crate) kconfig: Option<crate::MapIdx>,
    /// Bytes of `.jumptables`.
    pub(crate) jump_tables: Vec<u8>,
}

/// An entry program as the object declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramSpec {
    /// The function's name.
    pub name: String,
    /// ELF section without a leading `?`.
    pub section: Arc<str>,
    /// Type; [`ProgType::Unspec`] when the section's name says nothing, in which case resolution fails.
    pub prog_type: ProgType,
    /// `expected_attach_type`, when the section's name gives one.
    pub attach_type: Option<AttachType>,
    /// Text after the section name's first `/` that is no part of the type: `sys_enter` of `raw_tp/sys_enter`.
    pub attach_target: Option<Arc<str>>,
    /// `BPF_F_SLEEPABLE`.
    pub sleepable: bool,
    /// `BPF_F_XDP_HAS_FRAGS`.
    pub xdp_frags: bool,
    /// Whether loading the object loads it: false for sections that start with `?`.
    pub autoload: bool,
    /// Its own insns, without subprograms.
    pub insn_count: u32,
    pub(crate) def: Option<&'static SectionDef>,
}

impl ObjectSpec {
    /// Parses an object. `name` is the file's name or path and only used for names.
    ///
    /// # Errors
    /// [`ObjectError`] for anything that is no BPF object or contradicts itself. Faults that concern a single
    /// program are left to [`Self::resolve`], so that they do not hide the others.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, ObjectError> {
        parse::parse(name, bytes, true)
    }

    /// The same, also of an object without programs: its maps and types alone, which libbpf takes as well.
    ///
    /// # Errors
    /// As [`Self::parse`], but for [`crate::ObjectErrorKind::NoPrograms`].
    pub fn parse_any(name: &str, bytes: &[u8]) -> Result<Self, ObjectError> {
        parse::parse(name, bytes, false)
    }

    /// Fits the object to a kernel: externs, CO-RE relocations, subprograms, map references.
    ///
    /// # Errors
    /// Only for faults that concern every program, such as code that grows beyond all bounds; those of one
    /// program are in its [`crate::ResolvedProgram::outcome`].
    pub fn resolve(&self, profile: &KernelProfile) -> Result<Resolved, ResolveError> {
        resolve::resolve(self, profile)
    }
}
