//! From a resolved object to maps and programs on a machine: what `BPF_MAP_CREATE` and `BPF_PROG_LOAD` do in Linux.

mod field;
mod insn;
mod ksym;
mod map;
mod needs;
mod permit;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use skep_abi::{Addr, Effect, KernelVersion, MapId, ProgId};
use skep_btf::{Btf, TypeId};
use skep_interp::{FuncInfo, Interp, Interpreted, LineInfo, Program, ProgramSpec};
use skep_machine::{Machine, ObjType, Prog, ProgSpec, Tested};
use skep_object::{KernelProfile, MapSpec, Outcome, Resolved, ResolvedProgram};
use skep_verifier::Verdict;

use crate::check::{Aux, Checker, Options, SourceLine};
use crate::{Error, ErrorKind};
use needs::Needs;

pub use field::{Types, map_fields, obj_types};

/// An object whose maps and programs live on a machine.
#[derive(Debug)]
pub struct Loaded {
    /// Maps in the order of the object.
    pub maps: Vec<LoadedMap>,
    /// Programs that can run, in the order of the object; this holds them on the machine.
    pub programs: Vec<Arc<Prog>>,
    /// Programs that cannot, and why.
    pub unusable: Vec<(String, Error)>,
    /// Programs that run although the verifier could not judge them, and what it lacks. The interpreter checks every
    /// access all the same.
    pub unverified: Vec<(String, String)>,
    /// What runs the programs.
    pub interp: Arc<Interp>,
    /// What a test run asks about programs, by their ids.
    pub(crate) tested: HashMap<ProgId, Tested>,
    /// The object's types.
    pub btf: Option<Arc<Btf>>,
}

/// A map of a loaded object.
#[derive(Clone, Debug)]
pub struct LoadedMap {
    /// Its place among the maps of the resolved object, by which insns and slots name it.
    index: usize,
    /// Its number on the machine.
    pub id: MapId,
    /// How the object declares it.
    pub spec: MapSpec,
}

impl Loaded {
    /// Creates the maps of an object on a machine and loads its programs.
    ///
    /// A program that cannot be loaded does not keep the others from it: it is listed in [`Self::unusable`].
    ///
    /// # Errors
    /// When a map cannot be created.
    pub fn new(
        machine: &Machine,
        resolved: &Resolved,
        profile: &KernelProfile,
    ) -> Result<Self, Error> {
        Self::of(machine, resolved, profile, &Needs::all(resolved))
    }

    /// Loads some programs of an object, by their places in it, with those maps only that they need; programs in the
    /// slots of these maps are loaded too.
    ///
    /// # Errors
    /// When a map cannot be created.
    pub fn only(
        machine: &Machine,
        resolved: &Resolved,
        profile: &KernelProfile,
        programs: &[usize],
    ) -> Result<Self, Error> {
        Self::of(machine, resolved, profile, &Needs::of(resolved, programs))
    }

    fn of(
        machine: &Machine,
        resolved: &Resolved,
        profile: &KernelProfile,
        needs: &Needs,
    ) -> Result<Self, Error> {
        let types =
            Types { object: resolved.btf.as_ref(), kernel: &profile.btf, version: profile.version };
        let maps = resolved
            .maps
            .iter()
            .enumerate()
            .filter(|(at, spec)| spec.autocreate && needs.maps.contains(at))
            .map(|(at, spec)| map::create(machine, at, spec, types))
            .collect::<Result<Vec<_>, _>>()?;
        let btf = resolved.btf.clone().map(Arc::new);
        let mut loader = Loader {
            machine,
            profile,
            maps: &maps,
            checker: Checker::new(resolved, profile).nr_cpu_ids(machine.nr_cpu_ids()),
            unverified: Vec::new(),
            ksyms: HashMap::new(),
            tested: HashMap::new(),
            obj_types: None,
        };
        let (mut programs, mut unusable) = (Vec::new(), Vec::new());
        // Programs are loaded as by a privileged user, who may read stack bytes that were never written since 6.3.
        let privileged = machine.version() >= KernelVersion::new(6, 3);
        let interp = Arc::new(Interp::new().allow_uninit_stack(privileged));
        let mut slots = Vec::new();
        for (at, program) in resolved.programs.iter().enumerate() {
            if !needs.programs.contains(&at) {
                slots.push(None);
                continue;
            }
            let id = machine.new_prog_id();
            match loader.program(id, program, btf.as_deref()) {
                Ok((code, spec)) => {
                    let code = Program::new(machine, code).map_err(no_memory)?;
                    let prog = machine.prog_load(id, spec, Interpreted::new(&interp, code));
                    slots.push(Some(Arc::clone(&prog)));
                    programs.push(prog);
                }
                Err(why) => {
                    slots.push(None);
                    unusable.push((program.name.clone(), why));
                }
            }
        }
        map::fill_slots(machine, &maps, &slots)?;
        let Loader { unverified, tested, .. } = loader;
        Ok(Self { maps, programs, unusable, unverified, interp, tested, btf })
    }

    /// The map with this name, or `None`.
    #[must_use]
    pub fn map(&self, name: &str) -> Option<&LoadedMap> {
        self.maps.iter().find(|map| map.spec.name == name)
    }

    /// A global variable of 8 bytes, by its name.
    #[must_use]
    pub fn variable(&self, machine: &Machine, name: &str) -> Option<u64> {
        self.maps.iter().find_map(|map| {
            let variable = map.spec.variables.iter().find(|variable| variable.name == name)?;
            let start = map::first_value(machine.map(map.id)?)?;
            let mut bytes = [0; 8];
            let at = start.offset(variable.offset.into());
            machine.memory().kernel_read(at, &mut bytes).ok()?;
            (variable.size == 8).then_some(u64::from_le_bytes(bytes))
        })
    }

    /// The program with this name, or `None` when there is none that can run.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<&Arc<Prog>> {
        self.programs.iter().find(|prog| &*prog.spec().name == name)
    }
}

fn no_memory(error: impl std::fmt::Display) -> Error {
    Error::environment(format!("the machine has no room for the object: {error}"))
}

/// The places of the maps that a program needs, by its own place in the object.
pub(crate) fn needed_maps(resolved: &Resolved, program: usize) -> BTreeSet<usize> {
    Needs::of(resolved, &[program]).maps
}

/// What loading one object needs.
struct Loader<'a> {
    machine: &'a Machine,
    profile: &'a KernelProfile,
    maps: &'a [LoadedMap],
    checker: Checker<'a>,
    /// Programs that the verifier could not judge, and why.
    unverified: Vec<(String, String)>,
    /// Kernel variables that already have a place on the machine.
    ksyms: HashMap<TypeId, Addr>,
    tested: HashMap<ProgId, Tested>,
    /// Structs that programs may allocate; once one was asked for.
    obj_types: Option<Arc<HashMap<u32, Arc<ObjType>>>>,
}

impl Loader<'_> {
    /// The structs that a program may allocate, if it makes such calls at all.
    fn obj_types(
        &mut self,
        kfuncs: &HashMap<i32, String>,
        btf: Option<&Btf>,
    ) -> Arc<HashMap<u32, Arc<ObjType>>> {
        let effect = |name: &String| skep_calls::by_name(name)?.spec.effect;
        let allocates = |name| matches!(effect(name), Some(Effect::ObjNew | Effect::PercpuObjNew));
        if !kfuncs.values().any(allocates) {
            return Arc::default();
        }
        let (kernel, version) = (&self.profile.btf, self.profile.version);
        let found = || obj_types(Types { object: btf, kernel, version });
        Arc::clone(self.obj_types.get_or_insert_with(found))
    }

    /// Has the verifier judge a program; gives what it found out.
    fn verify(&mut self, program: &ResolvedProgram, btf: Option<&Btf>) -> Result<Aux, Error> {
        let report = self.checker.check(program, Options::default());
        let why = match report.verdict {
            Verdict::Accepted => return Ok(report.aux),
            Verdict::Rejected(why) => why,
            Verdict::Unsupported(what) | Verdict::Bug(what) => {
                self.unverified.push((program.name.clone(), what));
                // Not all paths were walked; a call that is there may be on one of the others.
                let calls_stack_walk = permit::calls_stack_walk(program);
                return Ok(Aux { calls_stack_walk, ..report.aux });
            }
        };
        let source = why.insn.zip(btf).and_then(|(insn, btf)| SourceLine::of(program, btf, insn));
        let place = match (source, why.insn) {
            (Some(line), _) => format!(" ({}:{})", line.file, line.line),
            (None, Some(insn)) => format!(" (insn {insn})"),
            (None, None) => String::new(),
        };
        let (name, release) = (&program.name, &self.profile.release);
        let message = format!("Linux {release} rejects program {name}: {}{place}", why.message);
        Err(Error { kind: ErrorKind::Program, message, hint: Some(why.kind.help.to_owned()) })
    }

    fn program(
        &mut self,
        id: ProgId,
        program: &ResolvedProgram,
        btf: Option<&Btf>,
    ) -> Result<(ProgramSpec, ProgSpec), Error> {
        match &program.outcome {
            Outcome::Ready => {}
            Outcome::Unsupported(missing) => {
                return Err(Error::unsupported(format!("{}: {missing}", program.name)));
            }
            Outcome::Failed(error) => {
                let message = format!("{}: {error}", program.name);
                return Err(Error { kind: ErrorKind::Program, message, hint: error.help.clone() });
            }
        }
        let aux = self.verify(program, btf)?;
        let max_ctx_offset = aux.max_ctx_offset;
        let (prog_type, attach_type) = (program.prog_type, program.attach_type);
        self.tested.insert(id, Tested { prog_type, max_ctx_offset, attach_type });
        permit::check(program)?;
        let (insns, kfuncs) = self.addresses(program)?;
        let funcs = program
            .funcs
            .iter()
            .map(|func| FuncInfo { insn: func.insn, name: func.name.as_str().into() })
            .collect();
        let name: Arc<str> = program.name.as_str().into();
        let obj_types = self.obj_types(&kfuncs, btf);
        let spec = ProgSpec {
            name: Arc::clone(&name),
            prog_type,
            attach_type,
            attach_to: program.attach_target.clone(),
            calls_stack_walk: aux.calls_stack_walk,
            max_ctx_offset,
            sleepable: program.sleepable,
        };
        let code = ProgramSpec {
            id,
            name,
            prog_type,
            insns,
            lines: btf.map(|btf| lines(program, btf)).unwrap_or_default(),
            funcs,
            kfuncs,
            exception_cb: btf.and_then(|btf| exception_cb(program, btf)),
            ctx_ptrs: aux.ctx_ptrs,
            sleepable: program.sleepable,
            obj_types,
        };
        Ok((code, spec))
    }
}

/// The function that the main program names for its exceptions.
fn exception_cb(program: &ResolvedProgram, btf: &Btf) -> Option<skep_isa::InsnIdx> {
    let main = program.funcs.first()?.ty?;
    let mut tags = btf.decl_tags(main, None);
    let name = tags.find_map(|tag| tag.strip_prefix("exception_callback:"))?;
    program.funcs.iter().find(|func| func.name == name).map(|func| func.insn)
}

/// Source lines with their texts; lines of one file share its name.
fn lines(program: &ResolvedProgram, btf: &Btf) -> Vec<LineInfo> {
    let mut texts: HashMap<u32, Arc<str>> = HashMap::new();
    let mut text = |offset: u32, text: &str| {
        Arc::clone(texts.entry(offset).or_insert_with(|| Arc::from(text)))
    };
    program
        .lines
        .iter()
        .map(|line| LineInfo {
            insn: line.insn,
            file: text(line.file_off, line.file(btf)),
            line: line.line,
            text: text(line.text_off, line.text(btf)),
        })
        .collect()
}
