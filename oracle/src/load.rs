//! One object loaded by libbpf and by skep: as it asks to be, and program by program.
//!
//! Both load the same programs in the same way: an object counts as loaded when every map was created and every
//! wanted program is in the kernel. Nothing is attached.

use std::collections::BTreeSet;
use std::path::Path;

use skep_abi::ProgType;
use skep_host::{HostObject, LoadOptions, Wanted};
use skep_object::{KernelProfile, ObjectSpec, Resolved};

/// What stands for the object as it asks to be loaded.
pub const WHOLE: &str = "*";

/// Who loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// libbpf.
    Libbpf,
    /// skep.
    Skep,
}

impl Side {
    /// Its word on a command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Libbpf => "libbpf",
            Self::Skep => "skep",
        }
    }
}

/// The cases of an object: the whole, then each program alone. Programs of the same name are one case.
///
/// # Errors
/// Why skep cannot read the object.
pub fn read(path: &Path, profile: &KernelProfile) -> Result<(Resolved, Vec<String>), String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let spec = ObjectSpec::parse_any(name, &bytes).map_err(|error| error.to_string())?;
    let resolved = spec.resolve(profile).map_err(|error| error.to_string())?;
    let names: BTreeSet<_> = resolved.programs.iter().map(|program| &program.name).collect();
    let cases = std::iter::once(WHOLE.to_owned()).chain(names.into_iter().cloned()).collect();
    Ok((resolved, cases))
}

/// Loads a case by libbpf.
///
/// # Errors
/// Why libbpf does not load it.
pub fn by_libbpf(path: &Path, case: &str) -> Result<(), String> {
    // Programs of structs of operations are loaded with their maps, whatever is wanted.
    crate::libbpf::load(path, |name, autoload| if case == WHOLE { autoload } else { name == case })
}

/// Loads a case by skep.
///
/// # Errors
/// Why skep does not load it.
pub fn by_skep(resolved: &Resolved, case: &str) -> Result<(), String> {
    let with_maps = resolved
        .programs
        .iter()
        .filter(|program| program.prog_type == ProgType::StructOps && program.autoload);
    let mut names: Vec<&str> = with_maps.map(|program| program.name.as_str()).collect();
    names.push(case);
    let wanted = if case == WHOLE { Wanted::Autoload } else { Wanted::Named(&names) };
    let loaded = HostObject::load(resolved, &LoadOptions { wanted, ..LoadOptions::default() });
    if loaded.is_complete(resolved) {
        return Ok(());
    }
    let maps = loaded.maps().iter().zip(&resolved.maps);
    let maps = maps.filter(|(_, spec)| spec.autocreate);
    let map = maps.filter_map(|(map, _)| map.as_ref().err()).map(ToString::to_string).next();
    let program =
        loaded.programs().iter().zip(&resolved.programs).find_map(
            |(loaded, program)| match loaded {
                Ok(_) | Err(skep_host::NotLoaded::Unwanted) => None,
                Err(why) => Some(format!("{}: {why}", program.name)),
            },
        );
    let problem = loaded.problems().first().map(ToString::to_string);
    Err(map.or(program).or(problem).unwrap_or_default())
}
