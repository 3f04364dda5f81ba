//! A selftest's object as both sides get it: resolved against the running kernel, its maps as veristat changes them.

use std::fs;
use std::path::Path;

use skep_abi::{MapType, ProgType};
use skep_object::{KernelProfile, ObjectSpec, Outcome as Resolution, Resolved, ResolvedProgram};

use super::row::Case;

/// A program of an object, and as what it is judged.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) case: Case,
    /// Index into [`Resolved::programs`].
    pub(crate) program: usize,
    /// The type, when it is not its own.
    pub(crate) as_type: Option<ProgType>,
}

/// Reads and resolves an object.
pub(crate) fn read(path: &Path, profile: &KernelProfile) -> Result<Resolved, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let spec = ObjectSpec::parse(&name, &bytes).map_err(|e| e.to_string())?;
    let mut resolved = spec.resolve(profile).map_err(|e| e.to_string())?;
    for map in resolved.maps.iter_mut().filter(|map| map.max_entries == 0) {
        map.max_entries = match map.kind {
            kind if is_sized_by_itself(kind) => 0,
            // libbpf rounds ring buffers up to a page.
            Some(MapType::Ringbuf | MapType::UserRingbuf) => 4096,
            _ => 1,
        };
    }
    Ok(resolved)
}

/// Maps that veristat leaves without a number of elements.
fn is_sized_by_itself(kind: Option<MapType>) -> bool {
    use MapType as M;
    matches!(
        kind,
        Some(
            M::SkStorage
                | M::TaskStorage
                | M::InodeStorage
                | M::CgroupStorage
                | M::PercpuCgroupStorage
                | M::CgrpStorage
                | M::StructOps
                | M::PerfEventArray
        )
    )
}

/// What is judged of an object: every program, and tracepoint programs once more as perf_event.
pub(crate) fn entries(name: &str, resolved: &Resolved) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (index, program) in resolved.programs.iter().enumerate() {
        entries.push(entry(name, index, program, None));
        if program.prog_type == ProgType::Tracepoint {
            entries.push(entry(name, index, program, Some(ProgType::PerfEvent)));
        }
    }
    entries
}

fn entry(name: &str, index: usize, program: &ResolvedProgram, as_type: Option<ProgType>) -> Entry {
    let case = Case {
        object: name.to_owned(),
        program: program.name.clone(),
        section: program.section.to_string(),
        prog_type: as_type.unwrap_or(program.prog_type).name().to_owned(),
        is_borrowed: as_type.is_some(),
    };
    Entry { case, program: index, as_type }
}

/// Why a program cannot even be loaded, if so.
pub(crate) fn unresolved(program: &ResolvedProgram) -> Option<String> {
    match &program.outcome {
        Resolution::Ready => None,
        Resolution::Unsupported(missing) => Some(missing.to_string()),
        Resolution::Failed(error) => Some(error.to_string()),
    }
}
