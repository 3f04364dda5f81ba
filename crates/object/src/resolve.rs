//! From an [`ObjectSpec`] and a kernel to [`Resolved`]: the order of libbpf's `bpf_object_prepare`.

use std::collections::HashMap;
use std::sync::Arc;

use skep_abi::{AttachType, ProgType};
use skep_isa::{Insn, InsnIdx, Reg, opcode};

use crate::attach::{self, NoTarget};
use crate::core_relo::{self, Fault, Relocated};
use crate::error::{Missing, ResolveError, shown};
use crate::exception::Callbacks;
use crate::externs::{self, Answer};
use crate::feature;
use crate::index::ProgIdx;
use crate::link::{Linked, Linker, OBJECT_MAX};
use crate::maps::{MapInit, MapOrigin, MapSpec, arena, data};
use crate::profile::KernelProfile;
use crate::reloc::Target;
use crate::resolved::{CoreRelocation, Outcome, Resolved, ResolvedProgram};
use crate::section_name::near_matches;
use crate::spec::ObjectSpec;
use crate::struct_ops::{self, Operation};

pub(crate) fn resolve(
    spec: &ObjectSpec,
    profile: &KernelProfile,
) -> Result<Resolved, ResolveError> {
    let kconfig_size = spec.body.kconfig.map_or(0, |map| spec.maps[map.at()].value_size as usize);
    let (answers, kconfig) = externs::answer(spec, profile, kconfig_size);
    let mut relocated = core_relo::apply(spec, profile);
    mark_func_addresses(spec, &mut relocated);
    let mut maps = spec.maps.clone();
    let arena_offset = fit_maps(spec, profile, &mut maps, kconfig);
    let operations = struct_ops::resolve(&mut maps, spec.btf.as_ref(), profile);
    let callbacks = Callbacks::new(spec.btf.as_ref(), &spec.body.code);
    let mut work = Work {
        spec,
        profile,
        answers,
        relocated,
        maps,
        arena_offset,
        operations,
        users: struct_ops::users(&spec.maps),
        callbacks,
    };
    let mut programs = Vec::with_capacity(spec.programs.len());
    let mut total = 0;
    for index in 0..spec.programs.len() {
        let program = work.program(index);
        total += program.insns.len() + program.lines.len() + program.core_relocations.len();
        if total > OBJECT_MAX {
            let found = format!(
                "its programs, each with its own copy of the subprograms that it calls, come to more than {OBJECT_MAX} insns and lines"
            );
            return Err(ResolveError::new(&spec.name, found).help("split the object into several"));
        }
        programs.push(program);
    }
    Ok(Resolved {
        name: spec.name.clone(),
        license: spec.license.clone(),
        kern_version: spec.kern_version,
        maps: work.maps,
        programs,
        btf: spec.btf.clone(),
    })
}

/// Tells addresses of functions from other constants, which the linker then follows.
fn mark_func_addresses(spec: &ObjectSpec, relocated: &mut Relocated) {
    for (section, insns) in spec.body.code.sections.iter().zip(&mut relocated.insns) {
        for reloc in
            section.relocs.iter().filter(|reloc| matches!(reloc.target, Target::FuncAddr { .. }))
        {
            insns[reloc.insn as usize].src = Reg(opcode::PSEUDO_FUNC);
        }
    }
}

/// What depends on the kernel in the maps themselves. Returns where in the arena its variables start.
fn fit_maps(
    spec: &ObjectSpec,
    profile: &KernelProfile,
    maps: &mut [MapSpec],
    kconfig: Vec<u8>,
) -> u64 {
    if let Some(map) = spec.body.kconfig {
        maps[map.at()].init = MapInit::Data(kconfig.into());
    }
    if !feature::has_array_mmap(profile.version) {
        let is_section = |map: &&mut MapSpec| {
            matches!(
                map.origin,
                MapOrigin::Data | MapOrigin::Rodata | MapOrigin::Bss | MapOrigin::Kconfig
            )
        };
        maps.iter_mut().filter(is_section).for_each(|map| map.flags &= !data::MMAPABLE);
    }
    match &spec.body.arena {
        Some(found) if feature::has_full_range_offset(profile.version) => {
            arena::place_last(&mut maps[found.map.at()])
        }
        _ => 0,
    }
}

pub(crate) struct Work<'a> {
    pub(crate) spec: &'a ObjectSpec,
    profile: &'a KernelProfile,
    pub(crate) answers: Vec<Answer>,
    relocated: Relocated,
    pub(crate) maps: Vec<MapSpec>,
    pub(crate) arena_offset: u64,
    operations: HashMap<ProgIdx, Operation>,
    /// struct_ops programs that maps refer to, and whether one of these is created.
    users: HashMap<ProgIdx, bool>,
    callbacks: Callbacks<'a>,
}

/// What was found about one program: the first of each kind counts, and failure more than lack.
#[derive(Default)]
pub(crate) struct Verdict {
    failed: Option<ResolveError>,
    missing: Option<Missing>,
}

impl Verdict {
    pub(crate) fn fail(&mut self, error: ResolveError) {
        self.failed.get_or_insert(error);
    }

    pub(crate) fn lack(&mut self, missing: Missing) {
        self.missing.get_or_insert(missing);
    }

    fn outcome(self) -> Outcome {
        match (self.failed, self.missing) {
            (Some(error), _) => Outcome::Failed(error),
            (None, Some(missing)) => Outcome::Unsupported(missing),
            (None, None) => Outcome::Ready,
        }
    }
}

impl Work<'_> {
    fn program(&mut self, index: usize) -> ResolvedProgram {
        let spec = &self.spec.programs[index];
        let mut verdict = Verdict::default();
        if spec.def.is_none() {
            verdict.fail(unknown_section(&spec.name, &spec.section));
        }
        let mut linked = self.link(index, &mut verdict);
        self.faults(&spec.name, &linked, &mut verdict);
        self.references(&spec.name, &mut linked, &mut verdict);
        replace_helpers(&mut linked.insns, self.profile);
        let mut program = ResolvedProgram {
            name: spec.name.clone(),
            section: spec.section.clone(),
            prog_type: spec.prog_type,
            attach_type: spec.attach_type,
            attach_target: spec.attach_target.clone(),
            attach_btf_id: None,
            struct_ops_member: None,
            sleepable: spec.sleepable,
            xdp_frags: spec.xdp_frags,
            autoload: spec.autoload,
            core_relocations: self.core_relocations(&linked),
            insns: linked.insns,
            funcs: linked.funcs,
            lines: linked.lines,
            outcome: Outcome::Ready,
        };
        self.attach(index, &mut program, &mut verdict);
        program.outcome = verdict.outcome();
        program
    }

    fn link(&self, index: usize, verdict: &mut Verdict) -> Linked {
        let code = &self.spec.body.code;
        let program = code.programs[index];
        let name = self.spec.programs[index].name.as_str();
        let mut linker = Linker::new(code, &self.relocated.insns, program);
        let callback = self.callbacks.of(code, name).unwrap_or_else(|found| {
            verdict.fail(ResolveError::new(name, found));
            None
        });
        let added = linker.add(program).and_then(|()| match callback {
            Some(callback) if !linker.has(callback) => linker.add(callback),
            _ => Ok(()),
        });
        if let Err(error) = added {
            verdict.fail(error);
        }
        linker.finish()
    }

    /// Faults of the functions that the program consists of.
    fn faults(&self, program: &str, linked: &Linked, verdict: &mut Verdict) {
        for part in &linked.parts {
            match self.relocated.faults.get(&part.function) {
                Some(Fault::Missing(missing)) => verdict.lack(missing.clone()),
                Some(Fault::Failed(found, insn)) => {
                    let function = &self.spec.body.code.functions[part.function].name;
                    verdict.fail(ResolveError::within(program, function, found).at(*insn));
                }
                None => {}
            }
        }
    }

    /// CO-RE relocations within the program.
    fn core_relocations(&self, linked: &Linked) -> Vec<CoreRelocation> {
        let asked = &self.relocated.asked;
        let mut found = Vec::new();
        for part in &linked.parts {
            let function = &self.spec.body.code.functions[part.function];
            let start = asked.partition_point(|one| {
                (one.section, one.insn) < (function.section, function.start)
            });
            let own = asked[start..]
                .iter()
                .take_while(|one| one.section == function.section && one.insn < function.end());
            found.extend(own.map(|one| CoreRelocation {
                insn: InsnIdx(part.at + (one.insn - function.start)),
                what: Arc::clone(&one.what),
                is_poisoned: one.is_poisoned,
            }));
        }
        found.sort_by_key(|one| one.insn);
        found
    }

    /// What it attaches to, which loading needs.
    fn attach(&self, index: usize, program: &mut ResolvedProgram, verdict: &mut Verdict) {
        let spec = &self.spec.programs[index];
        if spec.def.is_some_and(|def| def.usdt)
            && feature::has_uprobe_multi_link(self.profile.version)
        {
            program.attach_type = Some(AttachType::TraceUprobeMulti);
        }
        match attach::target(spec, self.profile) {
            Ok(target) => program.attach_btf_id = target,
            Err(NoTarget::Missing(missing)) => verdict.lack(missing),
            Err(NoTarget::Failed(found, help)) => {
                verdict.fail(ResolveError::new(&spec.name, found).help(help));
            }
        }
        if spec.prog_type != ProgType::StructOps {
            return;
        }
        let index = ProgIdx(u32::try_from(index).unwrap_or(u32::MAX));
        let user = self.users.get(&index);
        program.autoload = *user.unwrap_or(&program.autoload);
        match self.operations.get(&index) {
            Some(Operation::Member(ty, member)) => {
                (program.attach_btf_id, program.struct_ops_member) = (Some(*ty), Some(*member));
            }
            Some(Operation::Missing(missing)) => verdict.lack(missing.clone()),
            Some(Operation::Failed(found)) => {
                verdict.fail(ResolveError::new(&spec.name, found.clone()))
            }
            None if user.is_some() => {}
            None => verdict.fail(
                ResolveError::new(&spec.name, "no struct of operations refers to the program")
                    .help("assign it to a member of a variable in SEC(\".struct_ops\")"),
            ),
        }
    }
}

fn unknown_section(program: &str, section: &str) -> ResolveError {
    let near = near_matches(section);
    let help = if near.is_empty() {
        "name the section after a program type, such as perf_event or kprobe/do_unlinkat".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    ResolveError::new(program, format!("section {} stands for no program type", shown(section)))
        .help(help)
}

/// Replaces helpers that the kernel does not have yet.
fn replace_helpers(insns: &mut [Insn], profile: &KernelProfile) {
    /// `bpf_probe_read` and `bpf_probe_read_str`, and those that came for them.
    const PROBE_READ: i32 = 4;
    const PROBE_READ_STR: i32 = 45;
    if feature::has_probe_read_kernel(profile.version) {
        return;
    }
    let is_helper_call = |insn: &&mut Insn| {
        insn.code == opcode::JMP | opcode::CALL && insn.src.0 == 0 && insn.dst.0 == 0
    };
    for insn in insns.iter_mut().filter(is_helper_call) {
        insn.imm = match insn.imm {
            112 | 113 => PROBE_READ,
            114 | 115 => PROBE_READ_STR,
            other => other,
        };
    }
}
