//! A resolved object before the verifier: what `BPF_PROG_LOAD` would be given, in the verifier's words.

mod example;
mod explain;
mod judge;
mod kernel;
mod license;
mod object;

use skep_abi::{AttachType, MapType, ProgType};
use skep_object::{KernelProfile, MapInit, MapOrigin, MapSpec, Resolved, ResolvedProgram};
use skep_verifier::{FuncInfo, Kernel, LineInfo, Map, Program, Report, Verdict};

pub use example::{Example, Examples, Language};
pub use explain::Fact;
pub use judge::with_kernel;
pub use kernel::{finding_of_kernel, kind_of};
pub use license::is_gpl_compatible;
pub use object::{
    CheckedObject, CheckedProgram, Finding, Judged, SourceLine, UNRESOLVED, check_object,
};
pub use skep_verifier::diag::Kind;
pub use skep_verifier::{Aux, Cost, Options};

/// Every kind of rejection: the verifier's, and the loader's.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    skep_verifier::diag::KINDS.iter().flat_map(|kinds| kinds.iter()).chain([&UNRESOLVED])
}

/// Judges the programs of one object by one kernel.
#[derive(Debug)]
pub struct Checker<'a> {
    resolved: &'a Resolved,
    profile: &'a KernelProfile,
    maps: Vec<Map<'a>>,
    nr_cpu_ids: u32,
}

impl<'a> Checker<'a> {
    /// Takes an object that was resolved against this profile.
    #[must_use]
    pub fn new(resolved: &'a Resolved, profile: &'a KernelProfile) -> Self {
        let maps = resolved.maps.iter().map(map).collect();
        let nr_cpu_ids = profile.nr_cpu_ids.unwrap_or(profile.nr_cpus);
        Self { resolved, profile, maps, nr_cpu_ids }
    }

    /// Sets the number of possible CPUs, which bounds CPU numbers; else it is what the profile says, or `NR_CPUS`.
    #[must_use]
    pub fn nr_cpu_ids(mut self, nr_cpu_ids: u32) -> Self {
        self.nr_cpu_ids = nr_cpu_ids;
        self
    }

    /// Judges a program of the object.
    #[must_use]
    pub fn check(&self, program: &ResolvedProgram, options: Options) -> Report {
        self.check_as(program, program.prog_type, options)
    }

    /// Judges a program of the object as if it were of another type, attached to nothing.
    #[must_use]
    pub fn check_as(
        &self,
        program: &ResolvedProgram,
        prog_type: ProgType,
        options: Options,
    ) -> Report {
        let missing = self.missing(program);
        if let Some(missing) = missing {
            let verdict = Verdict::Unsupported(missing);
            return Report { verdict, cost: Cost::default(), log: None, aux: Aux::default() };
        }
        let own = prog_type == program.prog_type;
        let is_typed = program.funcs.iter().all(|func| func.ty.is_some());
        let funcs: Vec<_> = program.funcs.iter().filter_map(func).collect();
        let lines: Vec<_> = program.lines.iter().map(line).collect();
        // Number 0: what a loader passes where the section's name says nothing.
        let no_attach_type = AttachType::CgroupInetIngress;
        let input = Program {
            name: &program.name,
            prog_type,
            attach_type: program.attach_type.filter(|_| own).unwrap_or(no_attach_type),
            attach_btf_id: program.attach_btf_id.filter(|_| own),
            struct_ops_member: program.struct_ops_member.filter(|_| own),
            sleepable: program.sleepable,
            xdp_frags: program.xdp_frags,
            strict_alignment: false,
            gpl_compatible: is_gpl_compatible(&self.resolved.license),
            insns: &program.insns,
            funcs: if is_typed { &funcs } else { &[] },
            lines: if is_typed { &lines } else { &[] },
            btf: self.resolved.btf.as_ref().filter(|_| is_typed),
            maps: &self.maps,
        };
        let verify = |kernel: &Kernel<'_>| skep_verifier::verify(&input, kernel, options);
        with_kernel(self.profile, self.nr_cpu_ids, verify)
    }

    /// A map whose kind skep does not know, if the program uses one.
    fn missing(&self, program: &ResolvedProgram) -> Option<String> {
        use skep_isa::opcode;
        program.insns.iter().find_map(|insn| {
            let names_map = insn.code == opcode::LD_IMM64
                && matches!(insn.src.0, opcode::PSEUDO_MAP_FD | opcode::PSEUDO_MAP_VALUE);
            let spec = self.resolved.maps.get(usize::try_from(insn.imm).ok()?)?;
            (names_map && spec.kind.is_none())
                .then(|| format!("map {} of unknown type {}", spec.name, spec.map_type))
        })
    }
}

fn func(func: &skep_object::FuncInfo) -> Option<FuncInfo> {
    Some(FuncInfo { insn: func.insn.0, ty: func.ty? })
}

fn line(line: &skep_object::LineInfo) -> LineInfo {
    LineInfo {
        insn: line.insn.0,
        file_off: line.file_off,
        text_off: line.text_off,
        line: line.line,
        column: line.column,
    }
}

fn map(spec: &MapSpec) -> Map<'_> {
    let frozen = match (&spec.init, spec.origin) {
        (MapInit::Data(bytes), MapOrigin::Rodata | MapOrigin::Kconfig) => Some(&**bytes),
        _ => None,
    };
    Map {
        name: &spec.name,
        map_type: spec.kind.unwrap_or(MapType::Array),
        key_size: spec.key_size,
        value_size: spec.value_size,
        max_entries: spec.max_entries,
        flags: spec.flags,
        extra: spec.map_extra,
        key_type: spec.key_type,
        value_type: spec.value_type,
        inner: spec.inner.as_deref().map(|inner| Box::new(map(inner))),
        frozen,
        is_data_section: matches!(
            spec.origin,
            MapOrigin::Data | MapOrigin::Rodata | MapOrigin::Bss | MapOrigin::Kconfig
        ),
    }
}
