//! Loading an object into the running kernel, and reading its maps.

use std::sync::Arc;
use std::time::Duration;

use skep_abi::MapType;
use skep_btf::Btf;
use skep_host::{HostObject, LoadOptions, LoadedProgram, Map, NotLoaded, Wanted};
use skep_object::{KernelProfile, MapInit, MapSpec, Resolved, ResolvedProgram, Slot};
use skep_verifier::Cost;

use crate::check::{CheckedProgram, Judged, finding_of_kernel};
use crate::contents::{Entry, MapContents, StackNames};
use crate::{Error, ErrorKind};

/// An object in the running kernel. It goes when this goes, and what holds its programs.
#[derive(Debug)]
pub struct Loaded<'a> {
    resolved: &'a Resolved,
    loaded: skep_host::Loaded,
    btf: Option<Arc<Btf>>,
}

/// Loads these programs of an object, the programs that they tail-call, and all maps.
///
/// `rejected` is told of each program that the verifier refuses.
///
/// # Errors
/// Why the first of the programs cannot be loaded.
pub fn load<'a>(
    resolved: &'a Resolved,
    kernel: &KernelProfile,
    programs: &[&ResolvedProgram],
    rejected: &mut dyn FnMut(&CheckedProgram),
) -> Result<Loaded<'a>, Error> {
    let mut names: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
    let tail_called = tail_called(resolved);
    names.extend(tail_called.iter().map(|program| program.name.as_str()));
    let options = LoadOptions { wanted: Wanted::Named(&names), ..LoadOptions::default() };
    let loaded = HostObject::load(resolved, &options);
    let mut refusal = None;
    for (program, outcome) in resolved.programs.iter().zip(loaded.programs()) {
        let Err(why) = outcome else { continue };
        if let NotLoaded::Rejected(verdict) = why
            && let Some(finding) = finding_of_kernel(resolved, kernel, program, verdict)
        {
            rejected(&CheckedProgram {
                name: program.name.clone(),
                section: program.section.to_string(),
                prog_type: program.prog_type,
                judged: Judged::Rejected(Box::new(finding)),
                cost: Cost::default(),
                time: Duration::ZERO,
                log: None,
            });
        }
        if programs.iter().any(|wanted| wanted.name == program.name) && refusal.is_none() {
            refusal = Some(not_loaded(kernel, program, why));
        }
    }
    match refusal {
        Some(refusal) => Err(refusal),
        None => Ok(Loaded { resolved, loaded, btf: resolved.btf.clone().map(Arc::new) }),
    }
}

fn tail_called(resolved: &Resolved) -> Vec<&ResolvedProgram> {
    let slots = resolved.maps.iter().filter_map(|map| match &map.init {
        MapInit::Slots(slots) => Some(slots),
        _ => None,
    });
    let programs = slots.flatten().filter_map(|(_, slot)| match slot {
        Slot::Program(program) => resolved.programs.get(program.0 as usize),
        Slot::Map(_) => None,
    });
    programs.collect()
}

fn not_loaded(kernel: &KernelProfile, program: &ResolvedProgram, why: &NotLoaded) -> Error {
    let name = &program.name;
    match why {
        NotLoaded::Map(error) | NotLoaded::Refused(error) => Error::from(error.clone()),
        NotLoaded::Rejected(verdict) => Error::new(
            ErrorKind::Program,
            format!(
                "Linux {} rejects program {name}, so it is not run: {}",
                kernel.release,
                verdict.last_message()
            ),
        )
        .hint("`skep check` tells which kernels take it, with `--matrix`"),
        NotLoaded::Unresolved(found) => {
            Error::new(ErrorKind::Program, format!("program {name} does not fit: {found}"))
        }
        NotLoaded::Unwanted => Error::input(format!("program {name} was not loaded")),
    }
}

impl Loaded<'_> {
    /// A program by its name; none when it was not loaded.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<&LoadedProgram> {
        self.loaded.program_named(name)
    }

    /// The maps that were created, with their declarations.
    pub fn maps(&self) -> impl Iterator<Item = (&MapSpec, &Map)> {
        let maps = self.resolved.maps.iter().zip(self.loaded.maps());
        maps.filter_map(|(spec, map)| Some((spec, map.as_ref().ok()?)))
    }

    /// What went wrong beside programs: program arrays that could not be filled, types that were refused.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        let problems = self.loaded.btf_error().into_iter().chain(self.loaded.problems());
        problems.map(ToString::to_string)
    }

    /// All elements of a map by its name, as user space reads them.
    ///
    /// # Errors
    /// When there is no such map, or the kernel refuses.
    pub fn entries(&self, name: &str) -> Result<Vec<Entry>, Error> {
        let map = self.loaded.map_named(name);
        let map = map.ok_or_else(|| Error::input(format!("the object has no map `{name}`")))?;
        entries(map)
    }

    /// A global variable of 8 bytes, by its name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<u64> {
        self.maps().find_map(|(spec, map)| {
            let variable = spec.variables.iter().find(|variable| variable.name == name)?;
            let value = map.lookup(&0u32.to_ne_bytes()).ok()??;
            let start = variable.offset as usize;
            let bytes = value.get(start..start + variable.size as usize)?;
            bytes.try_into().ok().map(u64::from_ne_bytes)
        })
    }

    /// What these maps hold, in the order of the object; `faults` gets what could not be read.
    pub(crate) fn contents(
        &self,
        is_shown: impl Fn(&str) -> bool,
        names: &mut StackNames,
        faults: &mut Vec<String>,
    ) -> Vec<MapContents> {
        let mut contents = Vec::new();
        for (spec, map) in self.maps().filter(|(spec, _)| is_shown(&spec.name)) {
            let entries = entries(map).unwrap_or_else(|error| {
                faults.push(error.to_string());
                Vec::new()
            });
            contents.push(MapContents::of(self.btf.as_ref(), spec, entries, names));
        }
        contents
    }

    /// The object's types.
    pub(crate) fn btf(&self) -> Option<&Arc<Btf>> {
        self.btf.as_ref()
    }
}

/// All elements of a map; none of those that have none for user space.
pub(crate) fn entries(map: &Map) -> Result<Vec<Entry>, Error> {
    match map.kind() {
        Some(
            MapType::Ringbuf | MapType::UserRingbuf | MapType::PerfEventArray | MapType::Arena,
        ) => Ok(Vec::new()),
        _ => Ok(map.entries()?),
    }
}
