//! A resolved object in the kernel: its types and maps; its programs one by one.

use skep_abi::ProgType;
use skep_isa::{Insn, opcode};
use skep_object::{FuncInfo, LineInfo, Resolved, ResolvedProgram};

use crate::HostError;
use crate::btf::{self, KernelBtf};
use crate::log::Verdict;
use crate::map::Map;
use crate::program::{LogBuffer, Program};

/// `BPF_F_SLEEPABLE` and `BPF_F_XDP_HAS_FRAGS`.
const SLEEPABLE: u32 = 1 << 4;
const XDP_HAS_FRAGS: u32 = 1 << 5;

/// An object's types and maps in the kernel. They go when this goes.
#[derive(Debug)]
pub struct HostObject<'a> {
    resolved: &'a Resolved,
    btf: Result<Option<KernelBtf>, HostError>,
    maps: Vec<Result<Map, HostError>>,
}

impl<'a> HostObject<'a> {
    /// Creates the maps. What the kernel refuses is told when a program needs it.
    #[must_use]
    pub fn create(resolved: &'a Resolved) -> Self {
        let btf = resolved.btf.as_ref().map(btf::load).transpose();
        let types = btf.as_ref().ok().and_then(Option::as_ref);
        let maps = resolved.maps.iter().map(|spec| {
            if spec.autocreate {
                Map::of_spec(spec, types)
            } else {
                let what = format!("use map {}", spec.name);
                Err(HostError::missing(what, "the object asks not to create it"))
            }
        });
        let maps = maps.collect();
        Self { resolved, btf, maps }
    }

    /// Why the kernel refuses the object's types, if it does. Programs are then loaded without, as libbpf does.
    #[must_use]
    pub fn btf_error(&self) -> Option<&HostError> {
        self.btf.as_ref().err()
    }

    /// The maps by index, as [`Resolved::maps`].
    pub fn maps(&self) -> &[Result<Map, HostError>] {
        &self.maps
    }

    /// A program as the kernel takes it.
    ///
    /// # Errors
    /// When it needs a map that the kernel refused.
    pub fn program<'p>(&'p self, program: &'p ResolvedProgram) -> Result<Program<'p>, HostError> {
        let btf = self.btf.as_ref().ok().and_then(Option::as_ref);
        let is_typed = btf.is_some() && program.funcs.iter().all(|func| func.ty.is_some());
        let flags = if program.sleepable { SLEEPABLE } else { 0 }
            | if program.xdp_frags { XDP_HAS_FRAGS } else { 0 };
        let attach_type = program.attach_type.map_or(0, |attach_type| attach_type as u32);
        Ok(Program {
            name: &program.name,
            prog_type: program.prog_type,
            insns: self.insns(&program.insns)?,
            license: &self.resolved.license,
            kern_version: self.resolved.kern_version.unwrap_or(0),
            flags,
            expected_attach_type: program.struct_ops_member.unwrap_or(attach_type),
            attach_btf_id: program.attach_btf_id.map_or(0, |id| id.0),
            btf: btf.filter(|_| is_typed),
            funcs: if is_typed {
                program.funcs.iter().map(func_info).collect()
            } else {
                Vec::new()
            },
            lines: if is_typed {
                program.lines.iter().map(line_info).collect()
            } else {
                Vec::new()
            },
            fd_array: Vec::new(),
        })
    }

    /// A program as the kernel takes it, or the same insns as another type.
    ///
    /// # Errors
    /// When it needs a map that the kernel refused.
    pub fn program_as<'p>(
        &'p self,
        program: &'p ResolvedProgram,
        as_type: Option<ProgType>,
    ) -> Result<Program<'p>, HostError> {
        let mut program = self.program(program)?;
        if let Some(prog_type) = as_type {
            program.prog_type = prog_type;
            (program.expected_attach_type, program.attach_btf_id) = (0, 0);
        }
        Ok(program)
    }

    /// What the kernel makes of a program, or of the same insns as another type. It does not stay loaded.
    ///
    /// # Errors
    /// When it needs a map that the kernel refused.
    pub fn judge(
        &self,
        program: &ResolvedProgram,
        as_type: Option<ProgType>,
        log: &mut LogBuffer,
    ) -> Result<Verdict, HostError> {
        Ok(self.program_as(program, as_type)?.judge(log))
    }

    /// Slots with descriptors instead of indices.
    fn insns(&self, insns: &[Insn]) -> Result<Vec<[u8; 8]>, HostError> {
        let mut slots = Vec::with_capacity(insns.len());
        let mut insns = insns.iter();
        while let Some(insn) = insns.next() {
            let mut insn = *insn;
            let is_wide = insn.code == opcode::LD_IMM64;
            if is_wide && matches!(insn.src.0, opcode::PSEUDO_MAP_FD | opcode::PSEUDO_MAP_VALUE) {
                let index = usize::try_from(insn.imm).ok();
                let map = index.and_then(|index| self.maps.get(index)).ok_or_else(|| {
                    HostError::missing(
                        format!("use map {}, which the object does not have", insn.imm),
                        "resolve the object again",
                    )
                })?;
                insn.imm = map.as_ref().map_err(Clone::clone)?.number() as i32;
            }
            slots.push(insn.encode());
            if is_wide {
                slots.extend(insns.next().map(|second| second.encode()));
            }
        }
        Ok(slots)
    }
}

fn func_info(func: &FuncInfo) -> [u32; 2] {
    [func.insn.0, func.ty.map_or(0, |ty| ty.0)]
}

fn line_info(line: &LineInfo) -> [u32; 4] {
    [line.insn.0, line.file_off, line.text_off, line.line << 10 | line.column & 0x3ff]
}
