//! A resolved object in the kernel: its types and maps; its programs one by one.

mod load;
mod struct_ops;

use std::path::Path;

use skep_abi::{Errno, KernelVersion, ProgType};
use skep_isa::{Insn, opcode};
use skep_object::{FuncInfo, LineInfo, MapSpec, Pinning, Resolved, ResolvedProgram};

use crate::HostError;
use crate::btf::{self, KernelBtf};
use crate::log::Verdict;
use crate::map::Map;
use crate::program::{LoadedProgram, LogBuffer, Program};

pub use load::{LoadOptions, NotLoaded, Wanted};

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

/// A loaded object: its maps and programs in the kernel. They go when this goes.
#[derive(Debug)]
pub struct Loaded {
    btf: Option<KernelBtf>,
    btf_error: Option<HostError>,
    maps: Vec<Result<Map, HostError>>,
    programs: Vec<Result<LoadedProgram, NotLoaded>>,
    problems: Vec<HostError>,
}

impl<'a> HostObject<'a> {
    /// Creates the maps. What the kernel refuses is told when a program needs it.
    #[must_use]
    pub fn create(resolved: &'a Resolved) -> Self {
        Self::create_in(resolved, None)
    }

    fn create_in(resolved: &'a Resolved, pins: Option<&Path>) -> Self {
        let btf = resolved.btf.as_ref().map(btf::load).transpose();
        let types = btf.as_ref().ok().and_then(Option::as_ref);
        let maps = resolved.maps.iter().map(|spec| {
            if spec.autocreate {
                match pins.filter(|_| spec.pinning == Pinning::ByName) {
                    Some(folder) => pinned(&folder.join(&spec.name), spec, types),
                    None => Map::of_spec(spec, types),
                }
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
        let is_typed = btf.is_some_and(|btf| btf.has_funcs)
            && program.funcs.iter().all(|func| func.ty.is_some());
        let flags = if program.sleepable { SLEEPABLE } else { 0 }
            | if program.xdp_frags { XDP_HAS_FRAGS } else { 0 };
        let attach_type = program.attach_type.map_or(0, |attach_type| attach_type as u32);
        Ok(Program {
            name: &program.name,
            prog_type: program.prog_type,
            insns: self.insns(&program.insns)?,
            license: &self.resolved.license,
            kern_version: kern_version(self.resolved, program),
            flags,
            expected_attach_type: program.struct_ops_member.unwrap_or(attach_type),
            attach_btf_id: program.attach_btf_id.map_or(0, |id| id.0),
            extends: None,
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

/// Takes the map that has a name, or creates it and gives it the name. One of another shape is refused.
fn pinned(path: &Path, spec: &MapSpec, types: Option<&KernelBtf>) -> Result<Map, HostError> {
    match crate::pin::open_pinned(path) {
        Ok(fd) => {
            let map = Map::of_fd(fd)?;
            let is_same = map.kind() == spec.kind
                && map.key_size() == spec.key_size as usize
                && map.value_size() == spec.value_size as usize
                && map.max_entries() == spec.max_entries
                && map.flags() == spec.flags;
            if is_same {
                return Ok(map);
            }
            Err(HostError::missing(
                format!("use {} as map {}", path.display(), spec.name),
                "what has this name is a map of another shape: remove the file, or pin elsewhere",
            ))
        }
        Err(error) if error.errno == Errno::ENOENT => {
            let map = Map::of_spec(spec, types)?;
            crate::pin::pin(path, &map)?;
            Ok(map)
        }
        Err(error) => Err(error),
    }
}

/// `LINUX_VERSION_CODE`, which kernels before 5.0 want of kprobes to be that of the kernel: libbpf gives it to them
/// unless the object has one.
fn kern_version(resolved: &Resolved, program: &ResolvedProgram) -> u32 {
    if let Some(version) = resolved.kern_version {
        return version;
    }
    if program.prog_type != ProgType::Kprobe {
        return 0;
    }
    let release = rustix::system::uname();
    let release = release.release().to_string_lossy();
    let version = KernelVersion::from_release(&release).unwrap_or(KernelVersion::new(0, 0));
    let patch = release.splitn(3, '.').nth(2).unwrap_or_default();
    let digits = patch.find(|c: char| !c.is_ascii_digit()).unwrap_or(patch.len());
    let patch: u32 = patch[..digits].parse().unwrap_or(0);
    u32::from(version.major) << 16 | u32::from(version.minor) << 8 | patch.min(255)
}

fn func_info(func: &FuncInfo) -> [u32; 2] {
    [func.insn.0, func.ty.map_or(0, |ty| ty.0)]
}

fn line_info(line: &LineInfo) -> [u32; 4] {
    [line.insn.0, line.file_off, line.text_off, line.line << 10 | line.column & 0x3ff]
}
