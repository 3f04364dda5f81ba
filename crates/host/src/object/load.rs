//! Loading an object: `bpf_object_load` of libbpf, program by program.

use std::fmt;
use std::os::fd::AsFd;

use skep_abi::{Errno, ProgType};
use skep_btf::{Btf, Kind};
use skep_object::{
    MapIdx, MapInit, MapOrigin, MissingKind, Outcome, ProgIdx, Resolved, ResolvedProgram, Slot,
};

use super::{HostObject, Loaded};
use crate::btf::KernelBtf;
use crate::info::BtfInfo;
use crate::log::Verdict;
use crate::map::Map;
use crate::program::LoadedProgram;
use crate::{Cause, HostError};

/// Which programs of an object are loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Those that the object itself asks for: all but those of sections with `?`.
    #[default]
    Autoload,
    /// All.
    All,
    /// Those with these names.
    Named(&'a [&'a str]),
}

/// How an object is loaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions<'a> {
    /// Which programs.
    pub wanted: Wanted<'a>,
    /// The program whose functions the object's `freplace` programs replace.
    pub extends: Option<&'a LoadedProgram>,
    /// A folder of a mounted BPF file system: maps that the object asks to be pinned by name are found or left there.
    /// Without one they live as long as the others.
    pub pins: Option<&'a std::path::Path>,
}

/// Why a program is not in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLoaded {
    /// Nobody asked for it.
    Unwanted,
    /// It cannot be fitted to the kernel: what was found.
    Unresolved(String),
    /// It needs a map that the kernel refused.
    Map(HostError),
    /// The verifier does not take it; the verdict carries its log.
    Rejected(Verdict),
    /// The kernel did not come to look at it.
    Refused(HostError),
}

impl fmt::Display for NotLoaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwanted => f.write_str("nobody asked for it"),
            Self::Unresolved(found) => f.write_str(found),
            Self::Map(error) | Self::Refused(error) => error.fmt(f),
            Self::Rejected(verdict) => {
                let errno = verdict.errno.map(|errno| format!(": {errno}")).unwrap_or_default();
                write!(f, "the verifier rejects it{errno}: {}", verdict.last_message())
            }
        }
    }
}

impl std::error::Error for NotLoaded {}

impl<'a> HostObject<'a> {
    /// Creates the maps, loads every program that can be loaded, and fills in maps of maps and of programs. What the
    /// kernel refuses is told program by program, map by map.
    #[must_use]
    pub fn load(resolved: &'a Resolved, options: &LoadOptions<'_>) -> Loaded {
        let mut object = Self::create_in(resolved, options.pins);
        object.fill_maps_of_maps();
        let programs: Vec<_> = resolved
            .programs
            .iter()
            .map(|program| {
                if options.wants(program) {
                    object.install(program, options)
                } else {
                    Err(NotLoaded::Unwanted)
                }
            })
            .collect();
        let mut problems = Vec::new();
        fill_program_arrays(resolved, &object.maps, &programs, &mut problems);
        let (btf, btf_error) = match object.btf {
            Ok(btf) => (btf, None),
            Err(error) => (None, Some(error)),
        };
        Loaded { btf, btf_error, maps: object.maps, programs, problems }
    }

    fn install(
        &self,
        program: &ResolvedProgram,
        options: &LoadOptions<'_>,
    ) -> Result<LoadedProgram, NotLoaded> {
        let extended = extended(program, options)?;
        match &program.outcome {
            Outcome::Ready => {}
            Outcome::Unsupported(_) if extended.is_some() => {}
            Outcome::Unsupported(missing) => {
                return Err(NotLoaded::Unresolved(missing.to_string()));
            }
            Outcome::Failed(error) => return Err(NotLoaded::Unresolved(error.to_string())),
        }
        let mut described = self.program(program).map_err(NotLoaded::Map)?;
        if let Some((target, id)) = extended {
            described.extends = Some(target.as_fd());
            described.attach_btf_id = id;
        }
        let loaded = described.install().map_err(|verdict| not_loaded(program, verdict))?;
        for (map, spec) in self.maps.iter().zip(&self.resolved.maps) {
            if let Ok(map) = map
                && spec.origin == MapOrigin::Rodata
            {
                // So that tools find it; kernels before 5.10 cannot.
                let _ = loaded.bind_map(map);
            }
        }
        Ok(loaded)
    }

    /// Puts inner maps into maps of maps. What fails is told of the outer map, as if it had not been created.
    fn fill_maps_of_maps(&mut self) {
        for index in 0..self.maps.len() {
            let MapInit::Slots(slots) = &self.resolved.maps[index].init else { continue };
            let filled = slots.iter().try_for_each(|(key, slot)| {
                let (Slot::Map(inner), Ok(outer)) = (slot, &self.maps[index]) else {
                    return Ok(());
                };
                match &self.maps[inner.at()] {
                    Ok(inner) => outer.set_fd(&key.to_ne_bytes(), inner),
                    Err(error) => Err(error.clone()),
                }
            });
            if let Err(error) = filled {
                self.maps[index] = Err(error);
            }
        }
    }
}

impl LoadOptions<'_> {
    fn wants(&self, program: &ResolvedProgram) -> bool {
        match self.wanted {
            Wanted::Autoload => program.autoload,
            Wanted::All => true,
            Wanted::Named(names) => names.contains(&program.name.as_str()),
        }
    }
}

impl Loaded {
    /// The object's types in the kernel, if it has any.
    #[must_use]
    pub fn btf(&self) -> Option<&KernelBtf> {
        self.btf.as_ref()
    }

    /// Why the kernel refuses the object's types, if it does. Programs are then loaded without, as libbpf does.
    #[must_use]
    pub fn btf_error(&self) -> Option<&HostError> {
        self.btf_error.as_ref()
    }

    /// A map of the object.
    ///
    /// # Errors
    /// Why it was not created.
    ///
    /// # Panics
    /// When the index is none of the object's.
    pub fn map(&self, index: MapIdx) -> Result<&Map, &HostError> {
        self.maps[index.at()].as_ref()
    }

    /// The maps by index, as [`Resolved::maps`].
    pub fn maps(&self) -> &[Result<Map, HostError>] {
        &self.maps
    }

    /// The first map with this name that was created.
    #[must_use]
    pub fn map_named(&self, name: &str) -> Option<&Map> {
        self.maps.iter().flatten().find(|map| map.name() == name)
    }

    /// A program of the object.
    ///
    /// # Errors
    /// Why it was not loaded.
    ///
    /// # Panics
    /// When the index is none of the object's.
    pub fn program(&self, index: ProgIdx) -> Result<&LoadedProgram, &NotLoaded> {
        self.programs[index.at()].as_ref()
    }

    /// The programs by index, as [`Resolved::programs`].
    pub fn programs(&self) -> &[Result<LoadedProgram, NotLoaded>] {
        &self.programs
    }

    /// The first program with this name that was loaded.
    #[must_use]
    pub fn program_named(&self, name: &str) -> Option<&LoadedProgram> {
        self.programs.iter().flatten().find(|program| program.name() == name)
    }

    /// Programs that could not be put into program arrays.
    #[must_use]
    pub fn problems(&self) -> &[HostError] {
        &self.problems
    }

    /// Whether libbpf would take the object: every map was created, and every program that was asked for is loaded.
    #[must_use]
    pub fn is_complete(&self, resolved: &Resolved) -> bool {
        let maps = self.maps.iter().zip(&resolved.maps);
        let mut maps = maps.filter(|(_, spec)| spec.autocreate);
        maps.all(|(map, _)| map.is_ok())
            && self.problems.is_empty()
            && self
                .programs
                .iter()
                .all(|program| matches!(program, Ok(_) | Err(NotLoaded::Unwanted)))
    }
}

/// Puts programs into program arrays.
fn fill_program_arrays(
    resolved: &Resolved,
    maps: &[Result<Map, HostError>],
    programs: &[Result<LoadedProgram, NotLoaded>],
    problems: &mut Vec<HostError>,
) {
    for (map, spec) in maps.iter().zip(&resolved.maps) {
        let (Ok(map), MapInit::Slots(slots)) = (map, &spec.init) else { continue };
        for (key, slot) in slots {
            let Slot::Program(program) = slot else { continue };
            let set = match &programs[program.at()] {
                Ok(program) => map.set_fd(&key.to_ne_bytes(), program),
                Err(why) => {
                    let name = &resolved.programs[program.at()].name;
                    let what = format!("put program {name} into map {}", map.name());
                    Err(HostError::missing(what, format!("the program is not loaded: {why}")))
                }
            };
            problems.extend(set.err());
        }
    }
}

/// The program that an extension replaces a function of, and that function's id in its types.
fn extended<'o>(
    program: &ResolvedProgram,
    options: &LoadOptions<'o>,
) -> Result<Option<(&'o LoadedProgram, u32)>, NotLoaded> {
    let is_extension = program.prog_type == ProgType::Ext
        && program.unsupported().is_some_and(|missing| missing.kind == MissingKind::Feature);
    let Some(target) = options.extends.filter(|_| is_extension) else { return Ok(None) };
    let function = program.attach_target.as_deref().unwrap_or_default();
    let unresolved = |found: &str| {
        NotLoaded::Unresolved(format!(
            "function {function} of program {} cannot be replaced: {found}",
            target.name()
        ))
    };
    let info = target.info().and_then(|info| BtfInfo::by_id(info.btf));
    let info = info.map_err(NotLoaded::Refused)?;
    let btf = Btf::parse(&info.bytes).map_err(|error| unresolved(&error.to_string()))?;
    let id = btf
        .find(function, Kind::Func)
        .ok_or_else(|| unresolved("its types have no such function"))?;
    Ok(Some((target, id.0)))
}

/// Tells a rejection from a refusal before the verifier looked at the program.
fn not_loaded(program: &ResolvedProgram, verdict: Verdict) -> NotLoaded {
    if !verdict.last_message().is_empty() {
        return NotLoaded::Rejected(verdict);
    }
    let errno = verdict.errno.unwrap_or(Errno::EIO);
    let error = std::io::Error::from_raw_os_error(errno.0.into());
    let what = format!("load program {}", program.name);
    let refusal = HostError::new(what, &error);
    let prog_type = program.prog_type;
    NotLoaded::Refused(match errno {
        Errno::EINVAL | Errno::EOPNOTSUPP | Errno::ENOTSUPP => HostError {
            cause: Cause::Unsupported,
            ..refusal.with_hint(format!(
                "programs of type {} came with Linux {}; this kernel is older, was built without them, or has nothing that it could attach to",
                prog_type.name(),
                prog_type.since()
            ))
        },
        Errno::E2BIG => refusal.with_hint("it has more insns than this kernel takes"),
        _ => refusal,
    })
}
