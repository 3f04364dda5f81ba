//! Symbol tables and debug information of ELF files, read by `blazesym`.

use std::path::Path;

use blazesym::symbolize::source::{Elf, Process, Source};
use blazesym::symbolize::{self, Input, Sym, Symbolized};
use blazesym::{Addr, Pid};

use super::{Found, unnamed};

/// Looks up file offsets of one file; of those without a name, where their function begins, if that is known.
pub(super) fn by_file_offset(path: &Path, offsets: &[u64]) -> Vec<Option<Found>> {
    let mut found = named(path, offsets);
    if found.iter().any(Option::is_none) {
        let starts = unnamed::starts(path, offsets).into_iter();
        for (found, start) in found.iter_mut().zip(starts).filter(|(found, _)| found.is_none()) {
            *found = start.map(|start| Found { start: Some(start), ..Found::default() });
        }
    }
    found
}

/// Looks up file offsets of one file; unknown ones are `None`.
///
/// Debug information that cannot be read (compressed in an unknown way, damaged) is done without.
fn named(path: &Path, offsets: &[u64]) -> Vec<Option<Found>> {
    let look_up = |debug_syms| {
        let mut elf = Elf::new(path);
        elf.debug_syms = debug_syms;
        let symbolizer = symbolize::Symbolizer::new();
        let found = symbolizer.symbolize(&Source::Elf(elf), Input::FileOffset(offsets)).ok()?;
        let found: Vec<Option<Found>> = found.into_iter().map(found_of).collect();
        (found.len() == offsets.len()).then_some(found)
    };
    let symbols = look_up(false);
    match (look_up(true), symbols) {
        (Some(mut found), Some(symbols)) => {
            found.iter_mut().zip(symbols).for_each(|(found, symbol)| qualify(found, symbol));
            found
        }
        (found, symbols) => found.or(symbols).unwrap_or_else(|| vec![None; offsets.len()]),
    }
}

/// Prefers the name of the symbol table where debug information has but the last part of it.
///
/// Compilers that are asked for lines only leave out the mangled name, so that `Vec<T>::push` would be `push`. In
/// all else debug information knows better: `f` is `f`, not `f.part.0`.
fn qualify(found: &mut Option<Found>, symbol: Option<Found>) {
    let Some(symbol) = symbol else { return };
    let Some(found) = found else {
        *found = Some(symbol);
        return;
    };
    if let (Some((name, _)), Some((full, _))) =
        (found.lines.last_mut(), symbol.lines.into_iter().next())
        && full.contains("::")
        && !name.contains("::")
    {
        *name = full;
    }
}

/// Looks up offsets into the vDSO, which every process shares with us.
pub(super) fn in_vdso(offsets: &[u64]) -> Vec<Option<Found>> {
    let look_up = || {
        let base = own_vdso()?;
        let addresses: Vec<Addr> =
            offsets.iter().map(|offset| base.wrapping_add(*offset)).collect();
        let mut process = Process::new(Pid::Slf);
        process.perf_map = false;
        let symbolizer = symbolize::Symbolizer::new();
        let found =
            symbolizer.symbolize(&Source::Process(process), Input::AbsAddr(&addresses)).ok()?;
        (found.len() == offsets.len()).then(|| found.into_iter().map(found_of).collect())
    };
    look_up().unwrap_or_else(|| vec![None; offsets.len()])
}

fn own_vdso() -> Option<u64> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("[vdso]"))?;
    u64::from_str_radix(line.split_once('-')?.0, 16).ok()
}

fn found_of(symbolized: Symbolized<'_>) -> Option<Found> {
    let Symbolized::Sym(sym) = symbolized else { return None };
    Some(Found { lines: lines_of(&sym), ..Found::default() })
}

fn lines_of(sym: &Sym<'_>) -> Vec<(String, Option<(String, u32)>)> {
    let place = |info: &symbolize::CodeInfo<'_>| {
        (info.to_path().to_string_lossy().into_owned(), info.line.unwrap_or(0))
    };
    let inlined = sym.inlined.iter().rev();
    let inlined = inlined.map(|f| (f.name.to_string(), f.code_info.as_ref().map(place)));
    let holder = (sym.name.to_string(), sym.code_info.as_deref().map(place));
    inlined.chain([holder]).collect()
}
